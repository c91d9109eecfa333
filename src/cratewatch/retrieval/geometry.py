"""Whether a query shows a cover: keypoints of both that one plausible movement brings together."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.retrieval.keypoints import Keypoints

Floats = npt.NDArray[np.float32]
# A query is a box about one sleeve, so that every part of the cover is about where it should be.
MOST_SHIFT = 0.28
MOST_TURN_DEG = 50.0
MOST_OCTAVES = 1.1
MOST_RATIO = 0.85
"""Of the distance to the most similar keypoint by that to the next (Lowe 2004)."""
SAME_PLACE = 0.04
"""Keypoints of a cover as near as this, in sides of the sleeve, are no rivals."""
TOLERANCE = 0.035
LEAST_SCALE, MOST_SCALE, MOST_STRETCH = 0.4, 1.6, 1.8
LEAST_PAIRS = 4


class Agreement(NamedTuple):
    """What keypoints of a query and a cover have in common.

    Attributes:
        inliers: Keypoints of the cover that one affine map brings onto the query's.
        area: Of the cover under this map, in squares of the side that the query was framed for.
    """

    inliers: int = 0
    area: float = 0.0


def compare(query: Keypoints, cover: Keypoints) -> Agreement:
    """Return what agrees.

    Nothing does where there are fewer than LEAST_PAIRS, or the map is none that a sleeve in a hand
    makes: mirrored, turned by more than MOST_TURN_DEG, shrunk, blown up or stretched out of
    proportion.
    """
    if min(len(query), len(cover)) < LEAST_PAIRS:
        return Agreement()
    pairs = match(query, cover)
    if len(pairs) < LEAST_PAIRS:
        return Agreement()
    # The generator of its sampling is seeded anew by each call: same pairs, same answer.
    affine, inliers = cv2.estimateAffine2D(
        cover.places[pairs[:, 1]],
        query.places[pairs[:, 0]],
        method=cv2.RANSAC,
        ransacReprojThreshold=TOLERANCE,
        maxIters=500,
    )
    if affine is None or not is_plausible(affine):
        return Agreement()
    agree = len(np.unique(pairs[inliers.ravel() > 0, 1]))
    return Agreement(agree, float(np.linalg.det(affine[:, :2])))


def match(query: Keypoints, cover: Keypoints) -> npt.NDArray[np.intp]:
    """Return (P, 2): keypoints of the query and the one of the cover that each resembles."""
    scores = _products(query.descriptors, cover.descriptors)
    scores[~_may_match(query, cover)] = -1.0
    rows = np.arange(len(query))
    best = scores.argmax(axis=1)
    most = scores[rows, best]
    across, down = _apart(cover.places[best], cover.places)
    scores[across + down < SAME_PLACE] = -1.0
    # Of unit vectors, a squared distance is 2 - 2 cos.
    clear = 1 - most < MOST_RATIO**2 * (1 - scores.max(axis=1))
    kept = clear & (most > 0)
    return np.stack([rows[kept], best[kept]], axis=1)


def is_plausible(affine: npt.NDArray[np.number]) -> bool:
    """Whether (2, 3) is how a camera may see a sleeve that it crops."""
    linear = affine[:, :2]
    if not np.isfinite(affine).all() or np.linalg.det(linear) <= 0:
        return False
    most, least = np.linalg.svd(linear, compute_uv=False)
    turn_deg = np.degrees(np.arctan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1]))
    return bool(
        least >= LEAST_SCALE
        and most <= MOST_SCALE
        and most <= MOST_STRETCH * least
        and abs(turn_deg) <= MOST_TURN_DEG
    )


def _products(some: Floats, others: Floats) -> Floats:
    """Return (N, M) scalar products; NumPy would wake all cores for them, which costs more."""
    product = cv2.gemm(some, others, 1.0, np.zeros(0, np.float32), 0.0, flags=cv2.GEMM_2_T)
    return np.asarray(product, np.float32)


def _may_match(query: Keypoints, cover: Keypoints) -> npt.NDArray[np.bool_]:
    across, down = _apart(query.places, cover.places)
    turn = np.abs(query.angles_deg[:, None] - cover.angles_deg)
    octaves = np.abs(np.log2(query.sizes)[:, None] - np.log2(cover.sizes))
    near: npt.NDArray[np.bool_] = (across < MOST_SHIFT) & (down < MOST_SHIFT)
    near &= (turn < MOST_TURN_DEG) | (turn > 360.0 - MOST_TURN_DEG)
    near &= octaves < MOST_OCTAVES
    return near


def _apart(some: Floats, others: Floats) -> tuple[Floats, Floats]:
    """Return how far each of N places is from each of M, across and down, (N, M) both."""
    # Not as one array of pairs: NumPy is slow where the last axis is short.
    across, down = (
        np.abs(np.ascontiguousarray(some[:, n])[:, None] - np.ascontiguousarray(others[:, n]))
        for n in range(2)
    )
    return across, down
