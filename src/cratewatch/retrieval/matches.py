"""From query images to matches: search, then look up the releases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from cratewatch.catalog import Catalog, ListedRelease
from cratewatch.retrieval.searcher import Searcher


@dataclass(frozen=True)
class Match:
    """A cover that a query may show.

    Attributes:
        score: Higher is more similar; see Searcher.
        path_or_url: Where the cover came from: the imported file or the image's address.
        releases: The listed releases of the artwork, with their latest asking prices.
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
    ranked = searcher.search(images, top)
    hits = [hit for row in ranked for hit in row]
    covers = catalog.covers_by_id(sorted({hit.cover_id for hit in hits}))
    releases = catalog.releases_of(sorted({hit.artwork_id for hit in hits}))
    return [
        [
            Match(
                cover_id=hit.cover_id,
                artwork_id=hit.artwork_id,
                score=hit.score,
                source=covers[hit.cover_id].source,
                path_or_url=covers[hit.cover_id].source_url,
                releases=tuple(releases[hit.artwork_id]),
            )
            for hit in row
            if hit.cover_id in covers  # a gallery may be ahead of a restored catalog
        ]
        for row in ranked
    ]
