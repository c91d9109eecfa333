"""Answers of the MusicBrainz web service, version 2, in JSON."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from cratewatch.catalog.records import Release

NO_LABEL = "[no label]"  # the service's entity for releases that have none
# How editors write that a release bears no catalogue number or barcode, brackets left out.
NO_NUMBER = ("", "none", "no catalog number", "no number", "no barcode", "n/a", "-")


@dataclass(frozen=True)
class BrowsePage:
    """One page of a browse request.

    Attributes:
        releases: Those that have an id.
        length: How many entries the page has, what is no release included.
        count: Number of releases on all pages.
    """

    releases: list[dict[str, Any]]
    length: int
    count: int


def read_browse_page(body: bytes) -> BrowsePage:
    """Read a page of ``/ws/2/release?label=...`` and the like.

    Raises:
        ValueError: if the body is no such page.
    """
    try:
        page = json.loads(body)
        entries, count = list(page["releases"]), int(page["release-count"])
    except (KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError(f"no page of releases: {body[:200]!r}") from error
    releases = [entry for entry in map(_dict, entries) if _text(entry.get("id"))]
    return BrowsePage(releases, len(entries), count)


def error_message(body: bytes) -> str:
    """Return what an error body says, or nothing if it is not one of the service's own."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return str(answer.get("error", "")) if isinstance(answer, dict) else ""


def release_from_json(
    data: dict[str, Any],
    source: str,
    *,
    site_url: str,
    archive_url: str,
    label_id: str | None = None,
) -> Release:
    """Map a release; its image_url is the archive's listing, to be resolved when it is fetched.

    Args:
        label_id: Of several labels the one to name, if it is among them.
    """
    mbid = data["id"]
    label, catno = _label_and_catno(_dicts(data.get("label-info")), label_id)
    has_front = _dict(data.get("cover-art-archive")).get("front")
    return Release(
        source=source,
        native_id=mbid,
        title=_text(data.get("title")) or "",
        artist=_credit(_dicts(data.get("artist-credit"))),
        year=_year(data.get("date")),
        label=label,
        catno=catno,
        barcode=_number(data.get("barcode")),
        country=_text(data.get("country")),
        format=_format(_dicts(data.get("media"))),
        genres=_genres(data) or _genres(_dict(data.get("release-group"))),
        page_url=f"{site_url}/release/{mbid}",
        image_url=f"{archive_url}/release/{mbid}" if has_front else None,
    )


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _number(value: Any) -> str | None:
    """Return a catalogue number or barcode, None for what says that there is none."""
    text = _text(value)
    bare = (text or "").strip("[]() ").casefold()
    return None if bare in NO_NUMBER else text


def _genres(data: dict[str, Any]) -> tuple[str, ...]:
    names = (_text(genre.get("name")) for genre in _dicts(data.get("genres")))
    return tuple(dict.fromkeys(name for name in names if name))


def _credit(parts: list[dict[str, Any]]) -> str | None:
    """Join names as the service does; what stands between them keeps its blanks."""
    names = (_text(part.get("name")) or _name_of(part.get("artist")) or "" for part in parts)
    joins = (join if isinstance(join := part.get("joinphrase"), str) else "" for part in parts)
    return "".join(name + join for name, join in zip(names, joins, strict=True)).strip() or None


def _name_of(entity: Any) -> str | None:
    return _text(_dict(entity).get("name"))


def _label_and_catno(
    infos: list[dict[str, Any]], label_id: str | None
) -> tuple[str | None, str | None]:
    """Name one label, and of its entries the first number: a label may be listed again for it."""
    wanted = [info for info in infos if _dict(info.get("label")).get("id") == label_id]
    first = next(iter(wanted or infos), {})
    name = _name_of(first.get("label"))
    of_label = [info for info in infos if _name_of(info.get("label")) in (name, None)]
    catno = next(filter(None, (_number(info.get("catalog-number")) for info in of_label)), None)
    return None if name == NO_LABEL else name, catno


def _year(date: Any) -> int | None:
    year = (_text(date) or "")[:4]
    return int(year) or None if len(year) == 4 and year.isascii() and year.isdigit() else None


def _format(media: list[dict[str, Any]]) -> str | None:
    counts = Counter(filter(None, (_text(medium.get("format")) for medium in media)))
    parts = [f"{n}x{name}" if n > 1 else name for name, n in counts.items()]
    return ", ".join(parts) or None
