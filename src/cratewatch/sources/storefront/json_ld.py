"""JSON-LD as shops' templates write it: wrapped, escaped, with something before or behind it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any, NamedTuple

import jstyleson

# schema.org's names come bare, with a prefix, or in full.
_VOCABULARY = re.compile(r"^(?:https?://(?:www\.)?schema\.org/|schema:)", re.IGNORECASE)
_WRAPPERS = re.compile(
    r"(?:/\*|//|#)?\s*(?:<!\[CDATA\[|\]\]>)\s*(?:\*/)?|^\s*(?://)?\s*<!--|(?://)?\s*-->\s*$"
)
_OPENING = re.compile(r"[{\[]")
_BAD_ESCAPE = re.compile(r"""(\\\\|\\["/bfnrt]|\\u[0-9a-fA-F]{4})|\\""")
_INVISIBLE = "\ufeff\u200b\u2060 \t\r\n\0;"

MOST_DEPTH = 32  # what is nested deeper says nothing about a product
MOST_VALUES = 100  # in one script; what is more is no JSON
_decoder = json.JSONDecoder(strict=False)


class JsonLd(NamedTuple):
    """What a script says.

    Attributes:
        objects: Those of its lists included.
        broken: Why a part of it could not be read, or "".
    """

    objects: list[dict[str, Any]]
    broken: str = ""


def read_json_ld(script: str) -> JsonLd:
    """Read a script; an empty one says nothing.

    What a browser's script engine or a search engine forgives is forgiven: HTML comments and
    CDATA around it, comments and commas in it, entities for quotes, semicolons, braces or
    another object behind it.
    """
    text = script.strip(_INVISIBLE)
    if not text:
        return JsonLd([])
    first_error = ""
    for reading in _readings(text):
        try:
            values, broken = _values(reading.strip(_INVISIBLE))
            return JsonLd(list(_objects(values)), broken)
        except ValueError as error:
            first_error = first_error or str(error)
        except RecursionError:  # nested deeper than any page means
            return JsonLd([], "nested too deeply")
    return JsonLd([], first_error)


def _readings(text: str) -> Iterator[str]:
    """Yield the text as it is, then with one kind of mend more each time."""
    yield text
    bare = _WRAPPERS.sub("", text)
    yield bare
    if "&" in bare:
        yield unescape(bare)
    escaped = _BAD_ESCAPE.sub(lambda found: found[1] or "", bare)
    yield escaped
    yield jstyleson.dispose(escaped)


def _values(text: str) -> tuple[list[Any], str]:
    """Return the JSON values that stand one behind the other, and why one could not be read.

    Raises:
        ValueError: if there is not even a first one.
    """
    value, end = _decoder.raw_decode(text)
    values, broken = [value], ""
    for _ in range(MOST_VALUES):
        following = _OPENING.search(text, end)
        if following is None:
            break
        try:
            value, end = _decoder.raw_decode(text, following.start())
        except ValueError as error:
            broken, end = broken or str(error), following.end()
        else:
            values.append(value)
    return values, broken


def _objects(values: list[Any]) -> Iterator[dict[str, Any]]:
    for value in values:
        if isinstance(value, list):
            yield from _objects(value)
        elif isinstance(value, dict):
            yield _plain(value)
        elif isinstance(value, str) and value.lstrip().startswith(("{", "[")):
            yield from _objects(_values(value.strip())[0])  # encoded twice


def _plain(value: Any, depth: int = MOST_DEPTH) -> Any:
    """Return the value with schema.org's names as its own examples write them."""
    if depth == 0:
        return None
    if isinstance(value, list):
        return [_plain(item, depth - 1) for item in value]
    if isinstance(value, dict):
        return {_VOCABULARY.sub("", key): _plain(item, depth - 1) for key, item in value.items()}
    return value
