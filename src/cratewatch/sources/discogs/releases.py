"""Answers of Discogs' API about releases."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cratewatch.catalog.records import Release
from cratewatch.sources.json_answers import (
    dict_of,
    dicts_of,
    number_of,
    read_object,
    text_of,
    texts_of,
)

MOST_RESULTS = 10_000
"""Of a search; the service answers nothing beyond."""
_NTH = re.compile(r" \(\d+\)$")  # of several artists or labels of one name
_NO_CATNO = ("none", "")
_IMAGE = re.compile(r"/(?:[a-z]{1,3}:[^/]+/)+(.+)$")


@dataclass(frozen=True)
class ListPage:
    """One page of a search, or of the versions of a master.

    Attributes:
        ids: Of its releases.
        items: How many all pages have, what is no release included.
    """

    ids: list[str]
    page: int
    pages: int
    items: int


def read_list_page(body: bytes) -> ListPage:
    """Read a page of ``/database/search`` or ``/masters/{id}/versions``.

    Raises:
        ValueError: if the body is no such page.
    """
    answer = read_object(body)
    entries = answer.get("results", answer.get("versions"))
    pagination = dict_of(answer.get("pagination"))
    if not isinstance(entries, list) or not pagination:
        raise ValueError(f"no page of a list: {body[:200]!r}")
    releases = [e for e in dicts_of(entries) if e.get("type", "release") == "release"]
    return ListPage(
        [str(number) for entry in releases if (number := number_of(entry.get("id")))],
        number_of(pagination.get("page")) or 1,
        number_of(pagination.get("pages")),
        number_of(pagination.get("items")),
    )


def release_from_json(data: Mapping[str, Any], source: str, site_url: str) -> Release:
    """Map a release of ``/releases/{id}``.

    Raises:
        ValueError: if it has no id.
    """
    native_id = number_of(data.get("id"))
    if not native_id:
        raise ValueError("a release without an id")
    label = next(iter(dicts_of(data.get("labels"))), {})
    catno = text_of(label.get("catno")) or ""
    return Release(
        source=source,
        native_id=str(native_id),
        title=text_of(data.get("title")) or "",
        artist=_credit(dicts_of(data.get("artists"))),
        year=number_of(data.get("year")) or None,
        label=_plain(label.get("name")),
        catno=None if catno.casefold() in _NO_CATNO else catno,
        barcode=_barcode(dicts_of(data.get("identifiers"))),
        country=text_of(data.get("country")),
        format=_format(dicts_of(data.get("formats"))),
        genres=tuple(dict.fromkeys(texts_of(data.get("genres")) + texts_of(data.get("styles")))),
        page_url=page_url(str(native_id), site_url),
        image_url=_image(dicts_of(data.get("images"))),
    )


def page_url(native_id: str, site_url: str) -> str:
    """Return the address of a release's page for people."""
    return f"{site_url}/release/{native_id}"


def image_path(url: str) -> str:
    """Return what of an image's address stays when its signature and its size change."""
    found = _IMAGE.search(url)
    return found[1] if found else url


def read_images(body: bytes) -> list[str]:
    """Return where the front of a release of ``/releases/{id}`` is; nothing if it has none.

    Raises:
        ValueError: if the body is no such release.
    """
    data = read_object(body)
    if not number_of(data.get("id")):
        raise ValueError("a release without an id")
    front = _image(dicts_of(data.get("images")))
    return [front] if front else []


def is_same_image(url: str, other: str) -> bool:
    """Whether two URLs are of one image, whenever signed and in whatever size."""
    return image_path(url) == image_path(other)


def error_message(body: bytes) -> str:
    """Return what an error body says; "" if it is none of the service's own."""
    try:
        return text_of(read_object(body).get("message")) or ""
    except ValueError:
        return ""


def _plain(name: Any) -> str | None:
    """Return a name without the number by which Discogs tells it from others of the same."""
    text = text_of(name)
    return _NTH.sub("", text) if text else None


def _credit(artists: list[dict[str, Any]]) -> str | None:
    """Join the names as the service does."""
    parts: list[str] = []
    for artist in artists:
        name = text_of(artist.get("anv")) or _plain(artist.get("name"))
        if name:
            join = text_of(artist.get("join")) or ""
            parts += [name, ", " if join == "," else f" {join} " if join else " "]
    return "".join(parts[:-1]).strip() or None


def _barcode(identifiers: list[dict[str, Any]]) -> str | None:
    codes = (i.get("value") for i in identifiers if i.get("type") == "Barcode")
    return next((digits for code in codes if (digits := _digits(code))), None)


def _digits(code: Any) -> str:
    digits = re.sub(r"[\s-]+", "", text_of(code) or "")
    return digits if digits.isascii() and digits.isdigit() and len(digits) > 7 else ""


def _format(formats: list[dict[str, Any]]) -> str | None:
    counts: Counter[str] = Counter()
    for form in formats:
        words = [text_of(form.get("name")) or "", *texts_of(form.get("descriptions"))]
        counts[", ".join(filter(None, words))] += max(1, number_of(form.get("qty")))
    parts = [f"{n}x{words}" if n > 1 else words for words, n in counts.items() if words]
    return " + ".join(parts) or None


def _image(images: list[dict[str, Any]]) -> str | None:
    """Return the primary image, or the first; without a token their addresses are empty."""
    first = next((i for i in images if i.get("type") == "primary"), next(iter(images), {}))
    return text_of(first.get("uri"))
