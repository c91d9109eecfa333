"""Sitemaps: an index, or a list of pages, in XML, as a feed or as text, plain or gzipped."""

from __future__ import annotations

import html
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from cratewatch.sources.storefront.addresses import absolute
from cratewatch.sources.storefront.decoding import decode

MAX_BYTES = 50 * 1024 * 1024  # the protocol's own limit, unpacked
MOST_UNPACKINGS = 2  # some servers gzip a file that is gzipped
_GZIP_MAGIC = b"\x1f\x8b"
_ROOT = re.compile(
    r"<((?:[\w.-]+:)?(?:urlset|sitemapindex|rss|feed|RDF))(?=[\s/>]|$)(?:[^>]*?(/?)>)?"
)
_PAGE = re.compile(r"<(?:!doctype\s+)?html\b", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://|/", re.IGNORECASE)
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_CDATA_OR_AMPERSAND = re.compile(r"<!\[CDATA\[.*?(?:\]\]>|\Z)|&(#?\w+;)?", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_ENTRIES = {
    "urlset": "url|sitemap",
    "sitemapindex": "url|sitemap",
    "rss": "item",
    "RDF": "item",
    "feed": "entry",
}
_FEEDS = {"rss", "feed", "RDF"}


@dataclass(frozen=True)
class Entry:
    """One entry of a listing.

    Attributes:
        url: In full; None if what is written there leads nowhere.
        written: As it is written there, "" if nothing is.
        alternates: The page's language versions, by language.
    """

    url: str | None
    written: str
    alternates: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sitemap:
    """What a sitemap lists, in order, each address once.

    Attributes:
        is_index: Whether its entries are sitemaps.
        is_feed: Whether it is a feed, which lists the newest pages and not all.
    """

    is_index: bool
    entries: list[Entry]
    is_feed: bool = False

    @property
    def urls(self) -> list[str]:
        """Those that lead somewhere."""
        return [entry.url for entry in self.entries if entry.url]


class SitemapError(Exception):
    """What was served is no sitemap, or not all of one.

    Attributes:
        reason: not_a_sitemap, truncated or too_large.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def read_sitemap(body: bytes, url: str) -> Sitemap:
    """Return what a sitemap lists, without fragments.

    Sloppy XML is accepted, and what stands before and behind it; half a file is not: what it
    leaves out would seem withdrawn. One bad entry is an entry without an address.

    Args:
        url: Of the sitemap; relative addresses count from it.

    Raises:
        SitemapError: if it is no whole sitemap.
    """
    text = _COMMENT.sub("", decode(_unpack(body))).strip("\0 \t\r\n\ufeff")
    if not _ROOT.search(text):
        return _read_text(text, url)
    pieces = list(_pieces(text))
    kinds = {kind for kind, _ in pieces}
    if len(kinds) != 1:
        raise SitemapError("not_a_sitemap", f"no sitemap: {text[:80]!r}")
    kind = kinds.pop()
    entries = [entry for _, piece in pieces for entry in _read_xml(piece, kind, url)]
    return Sitemap(kind == "sitemapindex", _unique(entries), is_feed=kind in _FEEDS)


def _read_text(text: str, url: str) -> Sitemap:
    lines = [line.strip() for line in text.splitlines()]
    written = [line for line in lines if line and not line.startswith("#")]
    if not written or not re.match(r"https?://", written[0], re.IGNORECASE):
        raise SitemapError("not_a_sitemap", f"no sitemap: {text[:80]!r}")
    entries = [
        Entry(absolute(line, url) if _ADDRESS.match(line) else None, line) for line in written
    ]
    return Sitemap(is_index=False, entries=_unique(entries))


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Yield kind and text of each root element; a server may have joined several files."""
    root = _ROOT.search(text)
    if root is None or _PAGE.search(text, 0, root.start()):
        return  # a page that shows a sitemap is none
    while root:
        following = _ROOT.search(text, root.end())
        limit = following.start() if following else len(text)
        name, closed = root.groups()
        kind = name.rpartition(":")[2]
        end = root.end() if closed else _end_of(name, text, root.end(), limit)
        if end is None:
            raise SitemapError("truncated", f"no end of {kind} after {len(text)} characters")
        yield kind, text[root.start() : end]
        root = following


def _end_of(name: str, text: str, start: int, limit: int) -> int | None:
    end = re.compile(rf"</{re.escape(name)}\s*>").search(text, start, limit)
    return end.end() if end else None


def _read_xml(piece: str, kind: str, url: str) -> Iterator[Entry]:
    """Yield the entries of a root element, each parsed by itself: a bad one harms no other."""
    clean = _CDATA_OR_AMPERSAND.sub(_mended, _NO_XML.sub("", piece))
    found = _ROOT.match(clean)
    prefix = (found[1] if found else "").rpartition(kind)[0]
    start_tag = re.compile(rf"<(?:{re.escape(prefix)})?(?:{_ENTRIES[kind]})(?=[\s/>])", re.I)
    starts = [start.start() for start in start_tag.finditer(clean)]
    parser = etree.XMLParser(recover=True, resolve_entities=False, huge_tree=True)
    for start, end in pairwise([*starts, len(clean)]):
        element = etree.fromstring(clean[start:end].encode(), parser)
        yield Entry(None, "") if element is None else _read_entry(element, url)


def _mended(found: re.Match[str]) -> str:
    """Return what an entity stands for, HTML's included, and a bare ampersand escaped."""
    if found[0].startswith("<"):
        return found[0]
    text = html.unescape(found[0]) if found[1] else found[0]
    return escape(_NO_XML.sub("", text))


def _read_entry(element: Any, url: str) -> Entry:
    written = next((text for text in _written(element) if text), "")
    alternates: dict[str, str] = {}
    for link in element.iter():
        if _name(link) == "link" and link.get("hreflang"):
            other = absolute(link.get("href") or "", url)
            if other and link.get("href"):
                alternates.setdefault(link.get("hreflang").strip().lower(), other)
    return Entry(absolute(written, url) if written else None, written, alternates)


def _written(element: Any) -> Iterator[str]:
    """Yield what may be an entry's address, the likeliest first."""
    children = [child for child in element if isinstance(child.tag, str)]
    for child in children:
        if _name(child) == "loc" and _prefix(child) == _prefix(element):
            yield _text(child)
    for child in children:
        if _name(child) == "link" and not child.get("hreflang"):
            relation = child.get("rel") or "alternate"
            yield (child.get("href") or _text(child)) if relation == "alternate" else ""
    for child in children:
        if _name(child) == "guid" and child.get("isPermaLink") != "false":
            yield _address_in(_text(child))
    yield _address_in(element.get("about") or element.get("rdf:about") or "")
    yield _address_in(element.text or "")


def _address_in(text: str) -> str:
    return text.strip() if _ADDRESS.match(text.strip()) else ""


def _text(element: Any) -> str:
    return "".join(element.itertext()).strip()


def _prefix(element: Any) -> str:
    """Return what tells namespaces apart, whether they are declared or not."""
    return str(element.tag).rpartition("}")[0] or str(element.tag).rpartition(":")[0]


def _name(element: Any) -> str:
    """Return an element's name without its namespace; "" for a comment."""
    if not isinstance(element.tag, str):
        return ""
    return str(element.tag).rpartition("}")[2].rpartition(":")[2].lower()


def _unpack(body: bytes) -> bytes:
    for _ in range(MOST_UNPACKINGS):
        if not body.startswith(_GZIP_MAGIC):
            break
        body = _gunzip(body)
    return body


def _gunzip(data: bytes) -> bytes:
    """Unpack the members of a gzip file; what stands behind them and is none does not count."""
    unpacked = b""
    while data.startswith(_GZIP_MAGIC):
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            unpacked += member.decompress(data, MAX_BYTES + 1 - len(unpacked))
        except zlib.error as error:
            raise SitemapError("truncated", f"gzip: {error}") from error
        if len(unpacked) > MAX_BYTES:
            raise SitemapError("too_large", f"more than {MAX_BYTES} bytes unpacked")
        if not member.eof:
            raise SitemapError("truncated", f"gzip: no end after {len(unpacked)} bytes unpacked")
        data = member.unused_data.lstrip(b"\0")
    return unpacked


def _unique(entries: list[Entry]) -> list[Entry]:
    """Return the entries, of those with one address the first."""
    by_key: dict[str | int, Entry] = {}
    for number, entry in enumerate(entries):
        by_key.setdefault(entry.url or (entry.written or number), entry)
    return list(by_key.values())
