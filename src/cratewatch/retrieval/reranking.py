"""Geometric re-ranking: the nearest covers are compared with the query keypoint by keypoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cratewatch.gallery.gallery import Hit
from cratewatch.retrieval.config import SearchConfig
from cratewatch.retrieval.cover_keypoints import CoverKeypoints
from cratewatch.retrieval.geometry import count_inliers
from cratewatch.retrieval.keypoints import Keypoints

WORTH = 0.02
"""Of one inlier, in cosine. Measured: anything from 0.005 to 1 ranks alike."""
BY_CHANCE = 3
"""Inliers that tell nothing."""
MOST_WORTH = 30
"""From there on more inliers make no more certain."""


@dataclass(frozen=True)
class Reranked:
    """Hits in their new order, and whether one of them was recognised beyond doubt."""

    hits: list[Hit]
    clear: bool


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
    clear = False
    for place, hit in enumerate(hits[: config.rerank]):
        inliers = count_inliers(query, covers.of(hit.cover_id))
        scored[place] = replace(hit, score=hit.score + bonus(inliers))
        if clear := inliers >= config.enough_inliers:
            break
    return Reranked(sorted(scored, key=lambda hit: -hit.score), clear)


def bonus(inliers: int) -> float:
    """Return what inliers are worth beside a score of -1..1."""
    return WORTH * min(max(inliers - BY_CHANCE, 0), MOST_WORTH)
