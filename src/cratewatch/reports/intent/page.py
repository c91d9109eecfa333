"""Writes the page. It holds pictures of covers, and none of people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from cratewatch.errors import ImageError, NotFoundError
from cratewatch.intent.report import AlbumIntent, IntentReport
from cratewatch.lake.lake import Lake
from cratewatch.reports.html import cover_url, render

MOST_SHOWN = 100
"""Albums of the longest table; the CSV has all."""
MOST_OF_LIST = 20
FEWEST_HANDLERS = 3


def write_page(report: IntentReport, lake: Lake, path: Path) -> None:
    """Write one self-contained page.

    Raises:
        OSError: if the file cannot be written.
    """
    lists = {
        "albums": report.albums[:MOST_SHOWN],
        "unbought": unbought(report.albums)[:MOST_OF_LIST],
        "unseen": unseen(report.albums)[:MOST_OF_LIST],
        "changed": [album for album in report.albums if album.changed],
    }
    page = render(
        "cratewatch.reports.intent",
        "intent.html.jinja",
        report=report,
        lists=lists,
        pictures=_pictures(lake, (album for listed in lists.values() for album in listed)),
        groups=(
            ("Price", "market price", report.by_price),
            ("Hour", "by the shop's clock", report.by_hour),
            ("Camera", "", report.by_camera),
        ),
        most=max((group.handlers for group in report.by_hour), default=1.0) or 1.0,
    )
    path.write_text(page, encoding="utf-8", errors="replace")


def unbought(albums: Iterable[AlbumIntent]) -> list[AlbumIntent]:
    """Return albums that some people held and nobody bought, those held most first."""
    found = [a for a in albums if a.bought == 0 and a.handlers >= FEWEST_HANDLERS]
    return sorted(found, key=lambda a: (not a.never_bought, -a.handlers, a.artwork_id))


def unseen(albums: Iterable[AlbumIntent]) -> list[AlbumIntent]:
    """Return albums that were bought without being seen in a hand, most pieces first."""
    found = [album for album in albums if album.bought_unseen >= 0.5]
    return sorted(found, key=lambda a: (-a.bought_unseen, a.artwork_id))


def _pictures(lake: Lake, albums: Iterable[AlbumIntent]) -> dict[str, str]:
    """Return the covers of albums by artwork_id, as far as the lake has them."""
    found: dict[str, str] = {}
    wanted: Sequence[AlbumIntent] = list({a.artwork_id: a for a in albums}.values())
    for album in wanted:
        if album.cover_id is not None:
            try:
                found[album.artwork_id] = cover_url(lake, album.cover_id)
            except (NotFoundError, ImageError):
                continue
    return found
