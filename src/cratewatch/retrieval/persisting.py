"""Names a sleeve that no glance knows: two views of it, compared with many covers by keypoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cratewatch.catalog.catalog import Catalog
from cratewatch.finding.cutting import Upright
from cratewatch.gallery.gallery import Hit
from cratewatch.retrieval.cover_keypoints import CoverKeypoints
from cratewatch.retrieval.geometry import compare
from cratewatch.retrieval.keypoints import QUERY_FRAME, Keypoints, find_keypoints
from cratewatch.retrieval.matches import Match, look_up, to_search
from cratewatch.retrieval.reranking import bonus
from cratewatch.retrieval.searcher import Searcher

NEAREST = 60
"""Covers of each quarter turn of a view that are compared: what hands, glare and grey light leave
of a cover is seldom like it at a glance."""
AGREEING = 11
"""Keypoints that must agree in either view. Measured: of 3,500 covers that two views did not show
none had more than 9 in both."""
QUARTERS = range(4)
"""No camera on a wall mirrors."""


def name_by_two(views: Sequence[Upright], searcher: Searcher, catalog: Catalog) -> Match | None:
    """Return the cover with which two views of one sleeve agree, None if there is none.

    Args:
        views: Two, of different moments.
    """
    if searcher.covers is None:
        return None
    keypoints = [find_keypoints(one.image, frame=QUERY_FRAME) for one in views]
    for view, (one, other) in zip(views, (keypoints, keypoints[::-1]), strict=True):
        agreed = [
            hit
            for near, quarters in _near(view, searcher)
            if (hit := _agreed(near, one.in_way(quarters, mirrored=False), other, searcher.covers))
        ]
        if agreed:
            best = max(agreed, key=lambda hit: hit.score)
            return next(iter(look_up([[best]], searcher.wanted, catalog, 1)[0]), None)
    return None


def _near(view: Upright, searcher: Searcher) -> list[tuple[Hit, int]]:
    """Return the covers that a view is near to, each with the quarters in which it then lies."""
    images = [view.in_way(quarters, mirrored=False).image for quarters in QUARTERS]
    found = searcher.search(images, to_search(searcher.wanted, NEAREST))
    return [(hit, quarters) for quarters, hits in enumerate(found) for hit in hits]


def _agreed(hit: Hit, view: Keypoints, other: Keypoints, covers: CoverKeypoints) -> Hit | None:
    """Return a hit of a view with what keypoints are worth, if those of the other agree, too.

    The corners of a sleeve may be counted from another one in the other view.
    """
    cover = covers.of(hit.cover_id)
    inliers = compare(view, cover).inliers
    if inliers < AGREEING:
        return None
    again = max(compare(other.in_way(n, mirrored=False), cover).inliers for n in QUARTERS)
    if again < AGREEING:
        return None
    return replace(hit, score=hit.score + bonus(min(inliers, again)))
