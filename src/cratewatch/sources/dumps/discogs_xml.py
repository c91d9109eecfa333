"""Releases of Discogs' dump, and what its other files say of masters, artists and labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from lxml import etree

from cratewatch.catalog.records import Release
from cratewatch.sources.dumps.selection import Selection

SITE = "https://www.discogs.com"
NO_NUMBER = ("", "none", "none listed", "n/a", "-")
_NO_XML = bytes(code for code in range(32) if code not in (9, 10, 13))
_SAME_NAME = re.compile(r" \(\d+\)$")  # Discogs numbers those who share a name
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, collect_ids=False)
_NOT_READ = tuple(
    (b"<%s>" % name, b"</%s>" % name)
    for name in (b"tracklist", b"extraartists", b"notes", b"videos", b"companies")
)
"""Two thirds of a release's text; damage within costs nothing."""


class BadRecordError(ValueError):
    """A record that is no XML, also without the bytes that are none, or that lacks a name."""


def parse(kind: str, data: bytes) -> tuple[Any, bool]:
    """Return the element of a record and whether it had to be mended.

    Bytes that no XML may hold are left out: control characters, and what is no UTF-8.

    Raises:
        BadRecordError: if it is no XML all the same.
    """
    data = _without(data)
    opened = (b"<%s " if data.lstrip()[:3] == b"id=" else b"<%s>") % kind.encode()
    try:
        return etree.fromstring(opened + data, _PARSER), False
    except etree.XMLSyntaxError:
        pass
    text = data.translate(None, _NO_XML).decode("utf-8", "replace")
    try:
        return etree.fromstring(opened + text.encode(), _PARSER), True
    except etree.XMLSyntaxError as error:
        raise BadRecordError(str(error)) from error


def _without(data: bytes) -> bytes:
    for begin, end in _NOT_READ:
        start = data.find(begin)
        stop = data.find(end, start) if start >= 0 else -1
        if stop >= 0:
            data = data[:start] + data[stop + len(end) :]
    return data


def release_of(root: Any, source: str, selection: Selection) -> Release | None:
    """Return the release of an element, None if it is not wanted.

    Raises:
        BadRecordError: if it has no title.
    """
    parts = {child.tag: child for child in root}
    labels = [(label.get("name") or "", label.get("catno")) for label in _in(parts, "labels")]
    formats = [(part.get("name") or "", part.get("qty")) for part in _in(parts, "formats")]
    if not selection.wants((name for name, _ in labels), (name for name, _ in formats)):
        return None
    title = _text(parts, "title")
    if title is None:
        raise BadRecordError("it has no title")
    native_id = root.get("id")
    label, catno = _label_and_catno(labels, selection)
    return Release(
        source=source,
        native_id=native_id,
        title=title,
        artist=_credit(_in(parts, "artists")),
        year=_year(_text(parts, "released")),
        label=label,
        catno=catno,
        barcode=_barcode(_in(parts, "identifiers")),
        country=_text(parts, "country"),
        format=_format(formats),
        genres=tuple(dict.fromkeys(_texts(parts, "genres") + _texts(parts, "styles"))),
        page_url=f"{SITE}/release/{native_id}",
        image_url=_front(_in(parts, "images")),
    )


def is_placeholder(number: str | None) -> bool:
    """Whether a catalogue number says that there is none."""
    return (number or "").strip("[]() ").casefold() in NO_NUMBER


def _in(parts: dict[str, Any], name: str) -> Iterable[Any]:
    found: Iterable[Any] = parts.get(name, ())
    return found


def _text(parts: dict[str, Any], name: str) -> str | None:
    element = parts.get(name)
    return None if element is None or not element.text else element.text.strip() or None


def _texts(parts: dict[str, Any], name: str) -> list[str]:
    return [child.text.strip() for child in _in(parts, name) if child.text]


def _credit(artists: Iterable[Any]) -> str | None:
    """Join names as the sleeve does; a number that tells two of one name apart is left out."""
    said = ""
    for artist in artists:
        parts = {child.tag: child.text for child in artist}
        name = parts.get("anv") or _plain(parts.get("name") or "")
        join = parts.get("join") or ""
        said += name.strip() + ("" if join == "," else " ") + join + " " * bool(join)
    return said.strip() or None


def _plain(name: str) -> str:
    return _SAME_NAME.sub("", name) if name.endswith(")") else name


def _label_and_catno(
    labels: list[tuple[str, str | None]], selection: Selection
) -> tuple[str | None, str | None]:
    """Name one label, a wanted one first, and of its entries the first number."""
    wanted = [name for name, _ in labels if selection.names_label(name)]
    name = next(iter(wanted), None) or next((name for name, _ in labels if name), None)
    numbers = (catno for label, catno in labels if label == name and not is_placeholder(catno))
    return (_plain(name) if name else None), next(numbers, None)


def _year(released: str | None) -> int | None:
    year = (released or "")[:4]
    return int(year) or None if len(year) == 4 and year.isascii() and year.isdigit() else None


def _front(images: Iterable[Any]) -> str | None:
    """Return the address of the front, which recent months leave empty."""
    front = next((image for image in images if image.get("type") == "primary"), None)
    return None if front is None else (front.get("uri") or "").strip() or None


def _barcode(identifiers: Iterable[Any]) -> str | None:
    """Return the barcode: as a scanner reads it, if that is given, without blanks."""
    found = list(_barcodes(identifiers))
    return next((code for code in found if len(code) in (12, 13)), next(iter(found), None))


def _barcodes(identifiers: Iterable[Any]) -> Iterator[str]:
    for identifier in identifiers:
        if identifier.get("type") == "Barcode":
            digits = "".join(filter(str.isalnum, identifier.get("value") or ""))
            if digits.isascii() and digits.isdigit():
                yield digits


def _format(formats: list[tuple[str, str | None]]) -> str | None:
    parts = [f"{n}x{name}" if n and n not in ("0", "1") else name for name, n in formats if name]
    return ", ".join(parts) or None
