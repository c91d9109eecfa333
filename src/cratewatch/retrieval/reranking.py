"""Geometric re-ranking: the nearest covers are compared with the query keypoint by keypoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cratewatch.gallery.gallery import Hit
from cratewatch.retrieval.config import SearchConfig
from cratewatch.retrieval.cover_keypoints import CoverKeypoints
from cratewatch.retrieval.geometry import compare
from cratewatch.retrieval.keypoints import Keypoints

WORTH = 0.02
"""Of one inlier, in cosine. Measured: anything from 0.005 to 1 ranks alike."""
BY_CHANCE = 3
"""Inliers that tell nothing."""
MOST_WORTH = 30
"""From there on more inliers make no more certain."""


@dataclass(frozen=True)
class Reranked:
    """Hits in their new order.

    Attributes:
        clear: Whether one of them was recognised beyond doubt.
        area: Of that cover in the query, in squares of the side that the query was framed for.
    """

    hits: list[Hit]
    clear: bool
    area: float = 0.0


def rerank(
    query: Keypoints, hits: Sequence[Hit], covers: CoverKeypoints, config: SearchConfig
) -> Reranked:
    """Add to the scores what keypoints tell.

    Covers are compared from the best one on, until one of them agrees in config.enough_inliers:
    a clear case costs one or a few comparisons, and config.rerank of them only what is unclear.

    Args:
        query: Keypoints of the query, found with QUERY_FRAME.
        hits: Of the query, the best first.
    """
    scored = list(hits)
    clear, area = False, 0.0
    for place, hit in enumerate(hits[: config.rerank]):
        agreement = compare(query, covers.of(hit.cover_id))
        scored[place] = replace(hit, score=hit.score + bonus(agreement.inliers))
        if clear := agreement.inliers >= config.enough_inliers:
            area = agreement.area
            break
    return Reranked(sorted(scored, key=lambda hit: -hit.score), clear, area)


def bonus(inliers: int) -> float:
    """Return what inliers are worth beside a score of -1..1."""
    return WORTH * min(max(inliers - BY_CHANCE, 0), MOST_WORTH)
