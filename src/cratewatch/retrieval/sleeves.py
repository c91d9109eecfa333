"""Names the sleeves of whole pictures: which way up each lies shows in what the gallery knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from cratewatch.catalog.catalog import Catalog
from cratewatch.finding.cutting import Upright
from cratewatch.retrieval.answers import SleeveAnswer
from cratewatch.retrieval.matches import look_up, to_search
from cratewatch.retrieval.searcher import Searcher
from cratewatch.retrieval.verdict import Calibration

Sleeves = Literal["auto", "find", "crop"]
"""Whether sleeves are looked for in a picture: `crop` takes it for a crop about one; `auto` looks,
and takes it for one where a sleeve fills it or none is found."""
WAYS = tuple((quarters, mirrored) for mirrored in (False, True) for quarters in range(4))
"""In which a sleeve can lie: turned by quarters, and mirrored, as in a selfie."""


@dataclass(frozen=True)
class SleeveNamer:
    """Names upright sleeves as far as a gallery and a catalog know them."""

    searcher: Searcher
    catalog: Catalog
    calibration: Calibration | None

    def name(self, found: Sequence[Upright], top: int) -> list[SleeveAnswer]:
        """Name sleeves, each in the way in which its nearest cover is nearest at a glance."""
        return self._look_up(self._best_ways(found), top)

    def _look_up(self, found: Sequence[Upright], top: int) -> list[SleeveAnswer]:
        if not found:
            return []
        wanted = self.searcher.wanted
        ranked = self.searcher.search([one.image for one in found], to_search(wanted, top))
        matches = look_up(ranked, wanted, self.catalog, top)
        return [
            SleeveAnswer.of(one, tuple(of_one), self.calibration)
            for one, of_one in zip(found, matches, strict=True)
        ]

    def _best_ways(self, found: Sequence[Upright]) -> list[Upright]:
        if not found:
            return []
        ways = [[one.in_way(n, mirrored=mirrored) for n, mirrored in WAYS] for one in found]
        glance = replace(self.searcher.config, crops=(1.0,), turns_deg=(0.0,), rerank=0)
        looking = replace(self.searcher, config=glance)
        hits = looking.search([one.image for of_one in ways for one in of_one], 1)
        scores = np.array([row[0].score if row else -1.0 for row in hits]).reshape(len(found), -1)
        best = scores.argmax(axis=1).tolist()
        return [of_one[way] for of_one, way in zip(ways, best, strict=True)]
