"""From query images to matches: search, then look up the releases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.facts import Wanted, admits
from cratewatch.catalog.records import Cover, ListedRelease
from cratewatch.gallery.gallery import Hit
from cratewatch.retrieval.searcher import Searcher

SPARE = 3
"""How many times the wanted matches are searched when filters may leave some out."""


@dataclass(frozen=True)
class Match:
    """A cover that a query may show.

    Attributes:
        score: Higher is more similar; see Searcher.
        path_or_url: Where the cover came from: the imported file or the image's address.
        releases: The releases of the artwork, with their latest asking prices; with filters those
            that meet them.
    """

    cover_id: str
    artwork_id: str
    score: float
    source: str
    path_or_url: str
    releases: tuple[ListedRelease, ...]


def identify(
    images: Sequence[Image.Image], searcher: Searcher, catalog: Catalog, top: int
) -> list[list[Match]]:
    """Return up to top matches for each image, the best first, one for each artwork."""
    ranked = searcher.search(images, to_search(searcher.wanted, top))
    return look_up(ranked, searcher.wanted, catalog, top)


def to_search(wanted: Wanted, top: int) -> int:
    """Return how many hits are searched for so many matches.

    The gallery knows what is true of an artwork, not of which of its releases: with filters more
    is searched than asked for, and what no single release meets is left out by look_up.
    """
    return top * SPARE if wanted.asks else top


def look_up(
    ranked: Sequence[Sequence[Hit]], wanted: Wanted, catalog: Catalog, top: int
) -> list[list[Match]]:
    """Return up to top matches for each ranking, with their releases."""
    hits = [hit for row in ranked for hit in row]
    covers = catalog.covers.by_id(sorted({hit.cover_id for hit in hits}))
    releases = catalog.releases.of_artworks(sorted({hit.artwork_id for hit in hits}))
    return [
        [
            match
            for hit in row
            if hit.cover_id in covers  # a gallery may be ahead of a restored catalog
            and (match := _match(hit, covers[hit.cover_id], releases[hit.artwork_id], wanted))
        ][:top]
        for row in ranked
    ]


def _match(
    hit: Hit, cover: Cover, releases: Sequence[ListedRelease], wanted: Wanted
) -> Match | None:
    """Return the match, with the releases that are wanted if any are asked for."""
    admitted = [release for release in releases if admits(wanted, release)]
    shown = bool(releases) or not wanted.withdrawn
    if not admitted and (shown or replace(wanted, source=_other(wanted, cover)).asks):
        return None
    return Match(
        cover_id=hit.cover_id,
        artwork_id=hit.artwork_id,
        score=hit.score,
        source=cover.source,
        path_or_url=cover.source_url,
        releases=tuple(admitted if wanted.asks else releases),
    )


def _other(wanted: Wanted, cover: Cover) -> str:
    """Return what is asked of the source of a cover without releases, but what it meets."""
    return "" if wanted.source == cover.source else wanted.source
