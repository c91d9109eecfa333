"""Sitemaps: an index of sitemaps or a list of pages, in XML or text, plain or gzipped."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urldefrag

from lxml import etree

MAX_BYTES = 50 * 1024 * 1024  # the protocol's own limit, unpacked
ENTRIES = ("url", "sitemap")
_GZIP_MAGIC = b"\x1f\x8b"
_END = re.compile(rb"</(?:\w+:)?(?:urlset|sitemapindex)\s*>$")


@dataclass(frozen=True)
class Sitemap:
    """Addresses of pages, or, of an index, of further sitemaps."""

    is_index: bool
    urls: list[str]


class SitemapError(Exception):
    """What was served is no sitemap, or not all of one.

    Attributes:
        reason: not_a_sitemap, truncated or too_large.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def read_sitemap(body: bytes) -> Sitemap:
    """Return the URLs in order, each once, without fragments.

    Sloppy XML is accepted, half a file is not: what it leaves out would seem withdrawn.

    Raises:
        SitemapError: if it is no whole sitemap.
    """
    text = _unpack(body).strip()
    if text.startswith(b"http"):
        return Sitemap(is_index=False, urls=_unique(text.decode(errors="replace").splitlines()))
    try:
        elements = etree.iterparse(
            io.BytesIO(text), events=("start", "end"), recover=True, resolve_entities=False
        )
        kind = _name(next(elements)[1])
        urls = _unique(_locations(elements))
    except (SyntaxError, StopIteration) as error:  # lxml's errors are SyntaxErrors
        raise SitemapError("not_a_sitemap", f"no XML: {text[:80]!r}") from error
    if kind not in ("urlset", "sitemapindex"):
        raise SitemapError("not_a_sitemap", f"the root element is {kind}")
    if not _END.search(_without_last_comments(text)[-4096:]) and (urls or not text.endswith(b"/>")):
        raise SitemapError("truncated", f"no end of {kind} after {len(text)} bytes")
    return Sitemap(is_index=kind == "sitemapindex", urls=urls)


def _locations(elements: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """Yield the location of each entry, in bounded memory; an image's location is no entry's."""
    for event, element in elements:
        if event == "end" and _name(element) in ENTRIES:
            found = (child.text for child in element if _name(child) == "loc" and child.text)
            yield from islice(found, 1)
            element.clear()


def _name(element: Any) -> str:
    """Return an element's name without its namespace; "" for a comment."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _without_last_comments(text: bytes) -> bytes:
    while text.endswith(b"-->") and (start := text.rfind(b"<!--")) >= 0:
        text = text[:start].rstrip()
    return text


def _unpack(body: bytes) -> bytes:
    if not body.startswith(_GZIP_MAGIC):
        return body
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
            text = file.read(MAX_BYTES + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise SitemapError("truncated", f"gzip: {error}") from error
    if len(text) > MAX_BYTES:
        raise SitemapError("too_large", f"more than {MAX_BYTES} bytes unpacked")
    return text


def _unique(urls: Iterable[str]) -> list[str]:
    bare = (urldefrag(url.strip()).url for url in urls)
    return list(dict.fromkeys(url for url in bare if url))
