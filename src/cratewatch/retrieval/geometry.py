"""Whether a query shows a cover: keypoints of both that one plausible movement brings together."""

from __future__ import annotations

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


def count_inliers(query: Keypoints, cover: Keypoints) -> int:
    """Return how many keypoints of the cover one affine map brings onto the query's.

    0 where there are fewer than LEAST_PAIRS, or the map is none that a sleeve in a hand makes:
    mirrored, turned by more than MOST_TURN_DEG, shrunk, blown up or stretched out of proportion.
    """
    if min(len(query), len(cover)) < LEAST_PAIRS:
        return 0
    pairs = match(query, cover)
    if len(pairs) < LEAST_PAIRS:
        return 0
    # The generator of its sampling is seeded anew by each call: same pairs, same answer.
    affine, inliers = cv2.estimateAffine2D(
        cover.places[pairs[:, 1]],
        query.places[pairs[:, 0]],
        method=cv2.RANSAC,
        ransacReprojThreshold=TOLERANCE,
        maxIters=500,
    )
    if affine is None or not is_plausible(affine):
        return 0
    return len(np.unique(pairs[inliers.ravel() > 0, 1]))


def match(query: Keypoints, cover: Keypoints) -> npt.NDArray[np.intp]:
    """Return (P, 2): keypoints of the query and the one of the cover that each resembles."""
    scores = np.where(_may_match(query, cover), query.descriptors @ cover.descriptors.T, -1.0)
    rows = np.arange(len(query))
    best = scores.argmax(axis=1)
    most = scores[rows, best]
    scores[_close_to(cover.places)[best]] = -1.0
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


def _may_match(query: Keypoints, cover: Keypoints) -> npt.NDArray[np.bool_]:
    shift = np.abs(query.places[:, None] - cover.places[None])
    turn = np.abs((query.angles_deg[:, None] - cover.angles_deg[None] + 180.0) % 360.0 - 180.0)
    octaves = np.abs(np.log2(query.sizes)[:, None] - np.log2(cover.sizes)[None])
    near: npt.NDArray[np.bool_] = (
        (shift[..., 0] < MOST_SHIFT)
        & (shift[..., 1] < MOST_SHIFT)
        & (turn < MOST_TURN_DEG)
        & (octaves < MOST_OCTAVES)
    )
    return near


def _close_to(places: Floats) -> npt.NDArray[np.bool_]:
    """Return (K, K), whether two places are close, each to itself included."""
    close: npt.NDArray[np.bool_] = np.abs(places[:, None] - places[None]).sum(axis=-1) < SAME_PLACE
    return close
