"""Releases of Discogs' dump, and what its other files say of masters, artists and labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from lxml import etree

from cratewatch.catalog.records import Release
from cratewatch.sources.dumps.selection import Selection

SITE = "https://www.discogs.com"
NO_NUMBER = ("", "none", "none listed", "n/a", "-")
_ONE = (None, "", "0", "1")
_NO_XML = bytes(code for code in range(32) if code not in (9, 10, 13))
_SAME_NAME = re.compile(r" \(\d+\)$")  # Discogs numbers those who share a name
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, collect_ids=False)
_NOT_READ = tuple(
    (b"<%s>" % name, b"</%s>" % name)
    for name in (b"extraartists", b"notes", b"tracklist", b"videos", b"companies")
)
"""Two thirds of a release's text, in its order; damage within costs nothing."""


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
    """Leave out what is not read; it comes in the order of _NOT_READ, or costs a look more."""
    kept, done = [], 0
    for begin, end in _NOT_READ:
        start = data.find(begin, done)
        stop = data.find(end, start) if start >= 0 else -1
        if stop >= 0:
            kept.append(data[done:start])
            done = stop + len(end)
        elif data.find(begin, 0, done) >= 0:
            return _without(b"".join((*kept, data[done:])))
    return b"".join((*kept, data[done:]))


def release_of(root: Any, source: str, selection: Selection, images_at: str = "") -> Release | None:
    """Return the release of an element, None if it is not wanted.

    Args:
        images_at: What its number is added to for the address that tells where its images are, of
            which recent months give no addresses; "" if nobody is asked.

    Raises:
        BadRecordError: if it has no title.
    """
    parts = {child.tag: child for child in root}
    labels = [(label.get("name") or "", label.get("catno")) for label in parts.get("labels", ())]
    formats = [(part.get("name") or "", part.get("qty")) for part in parts.get("formats", ())]
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
        artist=_credit(parts.get("artists", ())),
        year=_year(_text(parts, "released")),
        label=label,
        catno=catno,
        barcode=_barcode(parts.get("identifiers", ())),
        country=_text(parts, "country"),
        format=_format(formats),
        genres=_genres(parts),
        page_url=f"{SITE}/release/{native_id}",
        image_url=_front(parts.get("images", ()), f"{images_at}{native_id}" if images_at else None),
    )


def is_placeholder(number: str | None) -> bool:
    """Whether a catalogue number says that there is none."""
    return (number or "").strip("[]() ").casefold() in NO_NUMBER


def _text(parts: dict[str, Any], name: str) -> str | None:
    element = parts.get(name)
    return None if element is None or not element.text else element.text.strip() or None


def _genres(parts: dict[str, Any]) -> tuple[str, ...]:
    both = (*parts.get("genres", ()), *parts.get("styles", ()))
    return tuple(dict.fromkeys(text.strip() for child in both if (text := child.text)))


def _credit(artists: Iterable[Any]) -> str | None:
    """Join names as the sleeve does; a number that tells two of one name apart is left out."""
    said = ""
    for artist in artists:
        parts = {child.tag: child.text for child in artist}
        said += (parts.get("anv") or _plain(parts.get("name") or "")).strip()
        if join := parts.get("join"):
            said += f"{join} " if join == "," else f" {join} "
        else:
            said += " "
    return said.strip() or None


def _plain(name: str) -> str:
    return _SAME_NAME.sub("", name) if name.endswith(")") else name


def _label_and_catno(
    labels: list[tuple[str, str | None]], selection: Selection
) -> tuple[str | None, str | None]:
    """Name one label, a wanted one first, and of its entries the first number."""
    names = [name for name, _ in labels if name]
    name = next(filter(selection.names_label, names), names[0] if names else None)
    numbers = (catno for label, catno in labels if label == name and not is_placeholder(catno))
    return (_plain(name) if name else None), next(numbers, None)


def _year(released: str | None) -> int | None:
    year = (released or "")[:4]
    return int(year) or None if len(year) == 4 and year.isascii() and year.isdigit() else None


def _front(images: Sequence[Any], told_at: str | None) -> str | None:
    """Return the address of the front; where it is told if the dump has an image without one."""
    front = next((image for image in images if image.get("type") == "primary"), None)
    address = None if front is None else (front.get("uri") or "").strip()
    return address or (told_at if len(images) else None)


def _barcode(identifiers: Iterable[Any]) -> str | None:
    """Return the barcode: as a scanner reads it, if that is given, without blanks."""
    given = [part.get("value") or "" for part in identifiers if part.get("type") == "Barcode"]
    codes = ["".join(filter(str.isalnum, code)) for code in given]
    found = [code for code in codes if code.isascii() and code.isdigit()]
    return next((code for code in found if len(code) in (12, 13)), found[0] if found else None)


def _format(formats: list[tuple[str, str | None]]) -> str | None:
    parts = [name if n in _ONE else f"{n}x{name}" for name, n in formats if name]
    return ", ".join(parts) or None
