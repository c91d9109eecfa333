"""From query images to matches: embed, search, group by artwork, look up the releases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from cratewatch.catalog import Catalog, ListedRelease
from cratewatch.embedding import Embedder
from cratewatch.gallery import Gallery, Hit

# Several scans of one sleeve stand beside each other in the ranking; searching this many times
# the wanted matches leaves enough artworks after grouping.
OVERSAMPLING = 4


@dataclass(frozen=True)
class Match:
    """A cover that a query may show.

    Attributes:
        score: Cosine similarity, higher is more similar.
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
    images: Sequence[Image.Image],
    embedder: Embedder,
    gallery: Gallery,
    catalog: Catalog,
    top: int,
) -> list[list[Match]]:
    """Return up to top matches for each image, the best first, one for each artwork."""
    ranked = rank(gallery.search(embedder.embed_queries(images), top * OVERSAMPLING), top)
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


def rank(found: Sequence[Sequence[Hit]], top: int) -> list[list[Hit]]:
    """Keep the best cover of each artwork, at most top of them for each query."""
    ranked = []
    for hits in found:
        best: dict[str, Hit] = {}
        for hit in hits:
            best.setdefault(hit.artwork_id, hit)
        ranked.append(list(best.values())[:top])
    return ranked
