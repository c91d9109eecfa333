"""Groups what the gallery found by artwork."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cratewatch.gallery.gallery import Hit

# Several scans of one sleeve stand beside each other in the ranking; searching this many times
# the wanted matches leaves enough artworks after grouping.
OVERSAMPLING = 4


def rank(found: Sequence[Iterable[Hit]], top: int) -> list[list[Hit]]:
    """Keep the best cover of each artwork, at most top of them for each query.

    Args:
        found: The hits of each query, the best first.
    """
    ranked = []
    for hits in found:
        best: dict[str, Hit] = {}
        for hit in hits:
            best.setdefault(hit.artwork_id, hit)
        ranked.append(list(best.values())[:top])
    return ranked
