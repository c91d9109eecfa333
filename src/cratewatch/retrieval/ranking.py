"""Rankings go by artwork: of its covers the one that comes first counts."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from itertools import islice

from cratewatch.gallery.gallery import Hit

# Several scans of one sleeve stand beside each other in the ranking; searching this many times
# the wanted matches leaves enough artworks after grouping.
OVERSAMPLING = 4


def rank(found: Sequence[Sequence[Hit]], top: int) -> list[list[Hit]]:
    """Keep the best cover of each artwork, at most top of them for each query.

    Args:
        found: The hits of each query, the best first.
    """
    return [
        [hits[place] for place in first_places((hit.artwork_id for hit in hits), top)]
        for hits in found
    ]


def first_places(artworks: Iterable[Hashable], most: int) -> list[int]:
    """Return the places at which the first artworks of a ranking appear, at most so many.

    Args:
        artworks: That of each place, the best first; one may come several times.
    """
    return list(islice(_first_places(artworks), most))


def rank_of(artwork: Hashable, artworks: Iterable[Hashable]) -> int | None:
    """Return how many other artworks come before one in a ranking; None if it does not come."""
    before: set[Hashable] = set()
    for other in artworks:
        if other == artwork:
            return len(before)
        before.add(other)
    return None


def _first_places(artworks: Iterable[Hashable]) -> Iterable[int]:
    seen: set[Hashable] = set()
    for place, artwork in enumerate(artworks):
        if artwork not in seen:
            seen.add(artwork)
            yield place
