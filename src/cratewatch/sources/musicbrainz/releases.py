"""Answers of the MusicBrainz web service, version 2, in JSON."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from cratewatch.catalog.records import Release

NO_LABEL = "[no label]"  # the service's entity for releases that have none


@dataclass(frozen=True)
class BrowsePage:
    """One page of a browse request; count is the number of releases on all pages."""

    releases: list[dict[str, Any]]
    count: int


def read_browse_page(body: bytes) -> BrowsePage:
    """Read a page of ``/ws/2/release?label=...`` and the like.

    Raises:
        ValueError: if the body is no such page.
    """
    page = json.loads(body)
    try:
        releases, count = page["releases"], int(page["release-count"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"no page of releases: {body[:200]!r}") from error
    return BrowsePage([release for release in releases if release.get("id")], count)


def error_message(body: bytes) -> str:
    """Return what an error body says, or nothing if it is not one of the service's own."""
    try:
        answer = json.loads(body)
    except ValueError:
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
    label, catno = _label_and_catno(data.get("label-info") or [], label_id)
    has_front = (data.get("cover-art-archive") or {}).get("front")
    return Release(
        source=source,
        native_id=mbid,
        title=(data.get("title") or "").strip(),
        artist=_credit(data.get("artist-credit") or []),
        year=_year(data.get("date")),
        label=label,
        catno=catno,
        barcode=data.get("barcode") or None,
        country=data.get("country") or None,
        format=_format(data.get("media") or []),
        genres=tuple(genre["name"] for genre in data.get("genres") or []),
        page_url=f"{site_url}/release/{mbid}",
        image_url=f"{archive_url}/release/{mbid}" if has_front else None,
    )


def _credit(parts: list[dict[str, Any]]) -> str | None:
    names = (part.get("name") or (part.get("artist") or {}).get("name") or "" for part in parts)
    joins = (part.get("joinphrase") or "" for part in parts)
    return "".join(name + join for name, join in zip(names, joins, strict=True)).strip() or None


def _label_and_catno(
    infos: list[dict[str, Any]], label_id: str | None
) -> tuple[str | None, str | None]:
    wanted = [info for info in infos if (info.get("label") or {}).get("id") == label_id]
    info = next(iter(wanted or infos), {})
    name = (info.get("label") or {}).get("name")
    return None if name == NO_LABEL else name, info.get("catalog-number") or None


def _year(date: str | None) -> int | None:
    year = (date or "")[:4]
    return int(year) if len(year) == 4 and year.isdigit() else None


def _format(media: list[dict[str, Any]]) -> str | None:
    counts = Counter(medium["format"] for medium in media if medium.get("format"))
    parts = [f"{n}x{name}" if n > 1 else name for name, n in counts.items()]
    return ", ".join(parts) or None
