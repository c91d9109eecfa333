"""ORB with RANSAC: every query against the descriptors of all covers, the best ones by geometry.

Each descriptor of the query votes for the cover that has the nearest one. The covers with most
votes are matched one by one, and the inliers of a homography count. All others rank by votes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from PIL import Image

from cratewatch.evaluation.protocol.answers import Compare, Numbers, Vectors

SIDE_PX = 256
FEATURES = 300
SHORTLIST = 30
NEAR_BITS = 64
RATIO = 0.8
REPROJECTION_PX = 6.0
POOL_ROWS = 200_000
"""OpenCV compares with at most 2**18 descriptors at once."""

Features = tuple[np.ndarray, np.ndarray]
"""Places (K, 2) float32 and descriptors (K, 32) uint8."""


def orb_way(covers: Sequence[Image.Image]) -> Callable[[Sequence[Image.Image]], Compare]:
    known = [_features(image) for image in covers]

    def way(images: Sequence[Image.Image]) -> Compare:
        asked = [_features(image) for image in images]
        return lambda queries, rows: _compare(asked, known, queries, rows)

    return way


def _features(image: Image.Image) -> Features:
    """Detect on a square of SIDE_PX: ORB finds nothing near the border of a small picture."""
    square = image.convert("L").resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC)
    orb: Any = cv2.ORB_create(  # type: ignore[attr-defined]
        nfeatures=FEATURES, fastThreshold=7, edgeThreshold=19, patchSize=19
    )
    keypoints, descriptors = orb.detectAndCompute(np.asarray(square), None)
    if descriptors is None:
        return np.zeros((0, 2), np.float32), np.zeros((0, 32), np.uint8)
    return np.array([keypoint.pt for keypoint in keypoints], np.float32), descriptors


def _compare(
    asked: Sequence[Features], known: Sequence[Features], queries: Numbers, rows: Numbers
) -> Vectors:
    owner = np.repeat(np.arange(len(rows)), [len(known[row][0]) for row in rows])
    pool = np.concatenate([known[row][1] for row in rows])
    scores = np.zeros((len(queries), len(rows)), np.float32)
    for at, query in enumerate(queries):
        if not len(asked[query][0]):
            continue
        nearest, bits = _nearest(asked[query][1], pool)
        votes = owner[nearest[bits < NEAR_BITS]]
        # At most FEATURES votes: they only decide between covers of equally many inliers.
        scores[at] = np.bincount(votes, minlength=len(rows)) / (FEATURES + 1)
        for listed in np.argsort(-scores[at], kind="stable")[:SHORTLIST]:
            scores[at, listed] += _inliers(asked[query], known[rows[listed]])
    return scores


def _nearest(descriptors: np.ndarray, pool: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the place in the pool of each descriptor's nearest one, and how many bits differ."""
    nearest = np.zeros(len(descriptors), int)
    bits = np.full(len(descriptors), np.inf)
    for start in range(0, len(pool), POOL_ROWS):
        part = pool[start : start + POOL_ROWS]
        for match in cv2.BFMatcher(cv2.NORM_HAMMING).match(descriptors, part):
            if match.distance < bits[match.queryIdx]:
                bits[match.queryIdx] = match.distance
                nearest[match.queryIdx] = start + match.trainIdx
    return nearest, bits


def _inliers(query: Features, cover: Features) -> int:
    """Return how many matches one homography explains."""
    if len(query[0]) < 4 or len(cover[0]) < 4:
        return 0
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(query[1], cover[1], k=2)
    good = [a for a, b in pairs if a.distance < RATIO * b.distance]
    if len(good) < 4:
        return 0
    here = query[0][[match.queryIdx for match in good]]
    there = cover[0][[match.trainIdx for match in good]]
    found, inside = cv2.findHomography(here, there, cv2.RANSAC, REPROJECTION_PX)
    return 0 if found is None else int(inside.sum())
