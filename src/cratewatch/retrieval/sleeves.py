"""Names the sleeves of whole pictures: which way up each lies shows in what the gallery knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from cratewatch.catalog.catalog import Catalog
from cratewatch.chunks import chunks
from cratewatch.finding.cutting import Upright
from cratewatch.gallery.gallery import Hit
from cratewatch.retrieval.answers import SleeveAnswer
from cratewatch.retrieval.geometry import compare
from cratewatch.retrieval.keypoints import QUERY_FRAME, find_keypoints
from cratewatch.retrieval.matches import Match, look_up, to_search
from cratewatch.retrieval.persisting import name_by_two
from cratewatch.retrieval.reranking import bonus
from cratewatch.retrieval.searcher import Searcher
from cratewatch.retrieval.verdict import Calibration

Sleeves = Literal["auto", "find", "crop"]
"""Whether sleeves are looked for in a picture: `crop` takes it for a crop about one; `auto` looks,
unless it is recognised as one at a glance."""
WAYS = tuple((quarters, mirrored) for mirrored in (False, True) for quarters in range(4))
"""In which a sleeve can lie: turned by quarters, and mirrored, as in a selfie."""
COMPARED = 4
"""Ways, the most likely ones, in which the keypoints of the nearest cover are compared. Measured:
corners that were found are so exact that no further cover, and no further view, brings more."""


@dataclass(frozen=True)
class _Reading:
    """A way in which a sleeve may lie, with the cover that it then shows.

    Attributes:
        agreeing: What the keypoints that agree are worth; None if they were not compared.
    """

    way: int
    cover: Hit
    agreeing: float | None = None

    @property
    def score(self) -> float:
        return self.cover.score + (self.agreeing or 0.0)

    def ranked(self, hits: Sequence[Hit]) -> list[Hit]:
        """Return the hits of this way in the order in which they are likely."""
        own = self.cover.cover_id
        better = [replace(h, score=self.score) if h.cover_id == own else h for h in hits]
        return sorted(better, key=lambda hit: -hit.score)


@dataclass(frozen=True)
class SleeveNamer:
    """Names upright sleeves as far as a gallery and a catalog know them."""

    searcher: Searcher
    catalog: Catalog
    calibration: Calibration | None

    def name(self, found: Sequence[Upright], top: int) -> list[SleeveAnswer]:
        """Name sleeves, each in the way in which it is most like a cover."""
        if not found:
            return []
        readings = [self._read(*pair) for pair in zip(found, self._nearest(found), strict=True)]
        turned = [one.in_way(*WAYS[n.way]) for one, n in zip(found, readings, strict=True)]
        wanted = self.searcher.wanted
        hits = self._glancing.search([one.image for one in turned], to_search(wanted, top))
        ranked = [reading.ranked(row) for reading, row in zip(readings, hits, strict=True)]
        matches = look_up(ranked, wanted, self.catalog, top)
        return [
            SleeveAnswer.of(one, tuple(of_one), self.calibration)
            for one, of_one in zip(turned, matches, strict=True)
        ]

    def name_by_two(self, views: Sequence[Upright]) -> Match | None:
        """Name a sleeve that a glance does not know by two views of it; see persisting."""
        return name_by_two(views, self._glancing, self.catalog)

    @property
    def _glancing(self) -> Searcher:
        glance = replace(self.searcher.config, crops=(1.0,), turns_deg=(0.0,), rerank=0)
        return replace(self.searcher, config=glance)

    def _nearest(self, found: Sequence[Upright]) -> list[list[_Reading]]:
        """Return each sleeve's nearest cover in every way, the nearest first."""
        images = [one.in_way(*way).image for one in found for way in WAYS]
        hits = self._glancing.search(images, 1)
        return [
            sorted(
                (_Reading(way, row[0]) for way, row in enumerate(of_one) if row),
                key=lambda reading: -reading.score,
            )
            for of_one in chunks(hits, len(WAYS))
        ]

    def _read(self, sleeve: Upright, nearest: Sequence[_Reading]) -> _Reading:
        """Choose among the ways of a sleeve by keypoints, too."""
        if not nearest:  # nothing in the gallery is wanted
            return _Reading(0, Hit("", "", -1.0))
        config, covers = self.searcher.config, self.searcher.covers
        if covers is None or not config.rerank:
            return nearest[0]
        keypoints = find_keypoints(sleeve.image, frame=QUERY_FRAME)
        compared: list[_Reading] = []
        for one in nearest[:COMPARED]:
            shown = keypoints.in_way(*WAYS[one.way])
            inliers = compare(shown, covers.of(one.cover.cover_id)).inliers
            compared.append(replace(one, agreeing=bonus(inliers)))
            if inliers >= config.enough_inliers:
                break
        return max((*compared, *nearest), key=lambda reading: reading.score)
