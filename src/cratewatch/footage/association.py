"""Which detection is which track: overlap and appearance in one assignment.

Overlap is that of buffered boxes (Yang et al. 2023, "Hard to Track Objects with Irregular Motions
and Similar Appearances? Make It Easier by Buffering the Matching Space").
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from cratewatch.footage.appearance import Embeddings
from cratewatch.footage.detecting import overlaps

Boxes = npt.NDArray[np.float32]
"""(N, 4) x1, y1, x2, y2."""
Scores = npt.NDArray[np.float32]
"""(T, D), tracks against detections; -1 where they cannot be one."""
Pairs = list[tuple[int, int]]
IMPOSSIBLE = -1.0


def buffered(boxes: Boxes, shares: Boxes) -> Boxes:
    """Return boxes grown on each side by a share (N,) of their own size."""
    size = boxes[:, 2:] - boxes[:, :2]
    margin = size * shares[:, None]
    return np.concatenate([boxes[:, :2] - margin, boxes[:, 2:] + margin], axis=1)


def buffered_overlaps(tracks: Boxes, detections: Boxes, shares: Boxes) -> Scores:
    """Return the overlap of boxes both grown by the share of the track (T,)."""
    rows = [
        overlaps(
            buffered(tracks[n : n + 1], shares[n : n + 1]),
            buffered(detections, np.full(len(detections), shares[n], np.float32)),
        )[0]
        for n in range(len(tracks))
    ]
    return np.asarray(rows, np.float32).reshape(len(tracks), len(detections))


def similarities(galleries: Embeddings, embeddings: Embeddings) -> Scores:
    """Return the cosines of rows of unit length: (T, D)."""
    return np.asarray(galleries @ embeddings.T, np.float32)


def best_pairs(scores: Scores, least: float) -> Pairs:
    """Return the pairs that together score best, each at least `least`."""
    if not scores.size:
        return []
    worth = np.where(scores >= least, scores - least + 1e-3, 0.0)
    rows, columns = linear_sum_assignment(-worth)
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if worth[r, c] > 0]


def lone_pairs(near: Scores, least: float) -> Pairs:
    """Return the pairs of those who overlap nobody else, each by at least `least`."""
    touching = near > 0
    alone = touching & (touching.sum(axis=1)[:, None] == 1) & (touching.sum(axis=0)[None] == 1)
    return [(int(r), int(c)) for r, c in zip(*np.nonzero(alone & (near >= least)), strict=True)]


def rest(count: int, taken: Iterable[int]) -> list[int]:
    """Return the numbers below count that are not taken."""
    gone = set(taken)
    return [n for n in range(count) if n not in gone]
