"""The schema.org nodes and OpenGraph properties of a page, through extruct, in one shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import extruct
from extruct.jsonld import JsonLdExtractor
from extruct.utils import parse_html
from lxml.etree import ParserError

Node = dict[str, Any]

_SCRIPTS = '//script[@type="application/ld+json"]'
_CONTAINERS = ("@graph", "mainEntity")


@dataclass
class Markup:
    """What a page says about itself.

    Attributes:
        nodes: Top-level JSON-LD and microdata nodes, those of a @graph or mainEntity included.
        open_graph: OpenGraph properties; type is under ``@type``.
        broken: JSON-LD scripts that are no JSON, with the error.
    """

    nodes: list[Node] = field(default_factory=list)
    open_graph: Node = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def resolve(self, node: Node) -> Node:
        """Return the node with values that only name another node's @id replaced by it."""
        by_id = {other["@id"]: other for other in self.nodes if "@id" in other}
        return {key: _resolved(value, by_id) for key, value in node.items()}


def read_markup(html: str, base_url: str) -> Markup:
    """Return all that a page says of itself; what is broken in it is passed over."""
    markup = Markup()
    try:  # as bytes, because lxml refuses XHTML's encoding declaration in a str
        tree = parse_html(html.encode(errors="replace"), encoding="UTF-8")
    except ParserError:  # no element at all
        return markup
    for script in tree.xpath(_SCRIPTS):
        try:
            items = JsonLdExtractor().extract_items(script)
        except ValueError as error:  # one broken script does not spoil the others
            markup.broken.append(str(error))
        else:
            markup.nodes.extend(_expand(items))
    found = extruct.extract(
        tree, base_url=base_url, syntaxes=["microdata", "opengraph"], uniform=True
    )
    markup.nodes.extend(_expand(found["microdata"]))
    markup.open_graph = next(iter(found["opengraph"]), {})
    return markup


def types_of(node: Node) -> set[str]:
    """Return the node's types without the schema.org prefix."""
    value = node.get("@type") or []
    types = value if isinstance(value, list) else [value]
    return {str(kind).rpartition("/")[2] for kind in types}


def nodes_in(value: Any) -> list[Node]:
    """Return the dicts of a property, which may be one, several or text."""
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, dict)]


def absolute_url(value: Any, base_url: str) -> str | None:
    """Return the first http(s) URL of a text, an object such as ImageObject, or a list of them."""
    if isinstance(value, list):
        return next((url for item in value if (url := absolute_url(item, base_url))), None)
    if isinstance(value, dict):
        return absolute_url([value.get(key) for key in ("contentUrl", "url", "@id")], base_url)
    if not isinstance(value, str) or not value.strip():
        return None
    url = urljoin(base_url, value.strip()).partition("#")[0]
    return url if url.startswith(("http://", "https://")) else None


def _expand(items: Any) -> Iterator[Node]:
    for node in nodes_in(items):
        yield node
        for key in _CONTAINERS:
            yield from _expand(node.get(key))


def _resolved(value: Any, by_id: dict[Any, Node]) -> Any:
    if isinstance(value, list):
        return [_resolved(item, by_id) for item in value]
    if isinstance(value, dict) and value.keys() == {"@id"}:
        return by_id.get(value["@id"], value)
    return value
