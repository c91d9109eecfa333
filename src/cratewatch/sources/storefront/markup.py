"""What a page says about itself, in one shape: JSON-LD, microdata, OpenGraph, links, headlines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from extruct.w3cmicrodata import MicrodataExtractor
from lxml.etree import ParserError
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from cratewatch.sources.storefront.addresses import absolute
from cratewatch.sources.storefront.json_ld import read_json_ld
from cratewatch.sources.storefront.said import Syntax

Node = dict[str, Any]

MOST_DEPTH = 12  # of nodes in nodes; deeper ones say nothing about the page
_CONTAINERS = ("@graph", "mainEntity")
_TYPE = re.compile(r"(\w+)[/#\s]*$")


class Written(str):
    """Text that stands on the page for people to read, no value meant for machines."""

    __slots__ = ()


@dataclass(frozen=True)
class Found:
    """A top-level node of a page, those of a @graph or mainEntity included.

    What OpenGraph says is put into the shape of such a node.

    Attributes:
        is_main: Whether it is the main entity of another node, which is the page's own then.
    """

    node: Node
    syntax: Syntax
    is_main: bool = False


@dataclass
class Markup:
    """What a page says about itself.

    Attributes:
        base_url: What relative addresses count from.
        open_graph: OpenGraph properties, the first of each name.
        broken: JSON-LD scripts of which a part is no JSON: the error, and the script.
        canonical: The address that the page gives as its own, or None.
        alternates: The addresses of its language versions, by language.
        language: Of its text, as the page says; "" if it does not.
        h1s: Its headings of the first order.
        titles: Of its head.
        text: How its text begins, if it has neither.
    """

    base_url: str
    found: list[Found] = field(default_factory=list)
    open_graph: dict[str, str] = field(default_factory=dict)
    broken: list[tuple[str, str]] = field(default_factory=list)
    canonical: str | None = None
    alternates: dict[str, str] = field(default_factory=dict)
    language: str = ""
    h1s: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    text: str = ""

    def resolve(self, node: Node) -> Node:
        """Return the node with values that only name another node's @id replaced by it."""
        by_id = {
            name: found.node
            for found in self.found
            if isinstance(name := found.node.get("@id"), str)
        }
        return {key: _resolved(value, by_id, 3) for key, value in node.items()}


def read_markup(html: str, page_url: str) -> Markup:
    """Return all that a page says of itself; what is broken in it harms nothing else."""
    try:  # as bytes, because lxml refuses XHTML's encoding declaration in a str
        data = html.encode(errors="replace")
        tree = document_fromstring(data, parser=HTMLParser(encoding="UTF-8"))
    except ParserError:  # no element at all
        return Markup(page_url)
    markup = Markup(_base_url(tree, page_url))
    _read_scripts(tree, markup)
    _read_microdata(tree, markup)
    markup.open_graph = _open_graph(tree)
    _read_links(tree, markup)
    _read_headlines(tree, markup)
    return markup


def types_of(node: Node) -> set[str]:
    """Return the node's types without the schema.org prefix."""
    value = node.get("@type") or []
    types = value if isinstance(value, list) else [value]
    return {found[1] for kind in types if (found := _TYPE.search(str(kind)))}


def kind_of(node: Node) -> str:
    """Return the node's type as people name it; of several all, in their order."""
    value = node.get("@type") or []
    types = value if isinstance(value, list) else [value]
    return "/".join(found[1] for kind in types if (found := _TYPE.search(str(kind)))) or "node"


def nodes_in(value: Any) -> list[Node]:
    """Return the dicts of a property, which may be one, several or text."""
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, dict)]


def texts_in(value: Any) -> list[str]:
    """Return the texts of a property, which may be one, several or nodes that name an address."""
    values = value if isinstance(value, list) else [value]
    named = (
        item.get("@id") or item.get("url") or item.get("@value") if isinstance(item, dict) else item
        for item in values
    )
    return [text.strip() for text in named if isinstance(text, str) and text.strip()]


def absolute_url(value: Any, base_url: str, depth: int = 4) -> str | None:
    """Return the first http(s) URL of a text, an object such as ImageObject, or a list of them."""
    if isinstance(value, dict):
        value = [value.get(key) for key in ("contentUrl", "url", "@id", "@value", "thumbnailUrl")]
    if isinstance(value, list):
        found = (absolute_url(item, base_url, depth - 1) for item in value if depth)
        return next((url for url in found if url), None)
    if not isinstance(value, str) or not value.strip():
        return None
    return absolute(value, base_url)


def _base_url(tree: HtmlElement, page_url: str) -> str:
    hrefs = tree.xpath("//base/@href")
    return (absolute(hrefs[0], page_url) if hrefs else None) or page_url


def _read_scripts(tree: HtmlElement, markup: Markup) -> None:
    for script in tree.iter("script"):
        kind = (script.get("type") or "").partition(";")[0].strip().lower()
        if kind != "application/ld+json":
            continue
        text = script.text_content()
        said = read_json_ld(text)
        if said.broken:  # it does not spoil the others
            markup.broken.append((said.broken, text))
        for node in said.objects:
            markup.found.extend(_expand(node, "json-ld"))


class _Microdata(MicrodataExtractor):  # type: ignore[misc]
    """Tells text for people from values for machines."""

    def _extract_textContent(self, node: HtmlElement) -> str:  # noqa: N802
        return Written(super()._extract_textContent(node))


def _read_microdata(tree: HtmlElement, markup: Markup) -> None:
    _mend_addresses(tree)
    try:
        items = _Microdata().extract_items(tree, markup.base_url)
    except RecursionError:
        markup.broken.append(("microdata nested too deeply", ""))
        return
    for item in items:
        markup.found.extend(_expand(_uniform(item), "microdata"))


def _mend_addresses(tree: HtmlElement) -> None:
    """Drop addresses that extruct fails on, and take those that wait for a script to be shown."""
    for element in tree.iterfind(".//*[@itemprop]"):
        waiting = element.get("data-src")
        if waiting and (element.get("src") or "data:").startswith("data:"):
            element.set("src", waiting)
        for name in ("src", "href", "data"):
            try:
                urlsplit(element.get(name) or "")
            except ValueError:
                del element.attrib[name]


def _uniform(item: Any) -> Any:
    """Return extruct's microdata item in JSON-LD's shape."""
    if isinstance(item, list):
        return [_uniform(value) for value in item]
    if not isinstance(item, dict):
        return item
    names = {"@type": item.get("type"), "@id": item.get("id"), "@value": item.get("value")}
    properties = {key: _uniform(value) for key, value in item.get("properties", {}).items()}
    return {key: value for key, value in names.items() if value} | properties


def _open_graph(tree: HtmlElement) -> dict[str, str]:
    properties: dict[str, str] = {}
    for meta in tree.iter("meta"):
        name = (meta.get("property") or meta.get("name") or "").strip().lower()
        if name.startswith(("og:", "product:", "music:")) and meta.get("content"):
            properties.setdefault(name, meta.get("content").strip())
    return properties


def _read_links(tree: HtmlElement, markup: Markup) -> None:
    for link in tree.iter("link"):
        relations = (link.get("rel") or "").lower().split()
        url = absolute(link.get("href") or "", markup.base_url) if link.get("href") else None
        if url is None:
            continue
        if "canonical" in relations:
            markup.canonical = markup.canonical or url
        elif "alternate" in relations and link.get("hreflang"):
            markup.alternates.setdefault(link.get("hreflang").strip().lower(), url)


def _read_headlines(tree: HtmlElement, markup: Markup) -> None:
    markup.language = (tree.get("lang") or tree.get("xml:lang") or "").strip().lower()
    markup.h1s = [text for h1 in tree.iter("h1") if (text := _words(h1))]
    markup.titles = [text for title in tree.iterfind("head/title") if (text := _words(title))]
    if not markup.h1s and not markup.titles:
        markup.text = _words(tree)[:200]


def _words(element: HtmlElement) -> str:
    return " ".join(element.text_content().split())


def _expand(node: Any, syntax: Syntax, depth: int = 0, *, main: bool = False) -> Iterator[Found]:
    for item in nodes_in(node):
        yield Found(item, syntax, main)
        if depth < MOST_DEPTH:
            for key in _CONTAINERS:
                is_main = key == "mainEntity"
                yield from _expand(item.get(key), syntax, depth + 1, main=is_main)


def _resolved(value: Any, by_id: dict[str, Node], depth: int) -> Any:
    if isinstance(value, list):
        return [_resolved(item, by_id, depth) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"@id"} and isinstance(value["@id"], str):
        return by_id.get(value["@id"], value)
    if depth == 0:
        return value
    return {key: _resolved(item, by_id, depth - 1) for key, item in value.items()}
