"""Names pictures as crops about one sleeve, and tells at a glance which ones surely are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cratewatch.catalog.catalog import Catalog
from cratewatch.gallery.gallery import Hit
from cratewatch.retrieval.answers import Answer
from cratewatch.retrieval.copies import LOOKED_AT, Copies, Found
from cratewatch.retrieval.matches import look_up, to_search
from cratewatch.retrieval.opened import Picture
from cratewatch.retrieval.searcher import Glance, Searcher
from cratewatch.retrieval.verdict import Calibration

FILLED = 0.5
"""Share of a picture from which on the cover that is recognised in it leaves no room for another
sleeve of that size: it is a crop."""


@dataclass(frozen=True)
class Glimpse:
    """A picture, looked at once as a crop.

    Attributes:
        answer: As far as a glance goes.
        is_crop: Whether it is one beyond doubt: a copy of a cover, or filled by one that is
            recognised. Then the answer is what a closer look would say, too.
    """

    picture: Picture
    glance: Glance
    answer: Answer
    is_crop: bool


@dataclass(frozen=True)
class CropNamer:
    """Names crops as far as a gallery and a catalog know them.

    Attributes:
        copies: Finds covers that a picture is a copy of.
    """

    searcher: Searcher
    catalog: Catalog
    calibration: Calibration | None
    copies: Copies

    def name(self, pictures: Sequence[Picture], top: int) -> list[Answer]:
        """Answer pictures with all that is done with a query."""
        if not pictures:
            return []
        ranked = self.searcher.search([one.image for one in pictures], self._deep(top))
        return self._answers(pictures, self._found(pictures, ranked), top)

    def glance(self, pictures: Sequence[Picture], top: int) -> list[Glimpse]:
        """Look at each picture once."""
        if not pictures:
            return []
        glances = self.searcher.glance([one.image for one in pictures], self._deep(top))
        found = self._found(pictures, [one.hits for one in glances])
        answers = self._answers(pictures, found, top)
        return [
            Glimpse(one, glance, answer, bool(hits.copies) or glance.share >= FILLED)
            for one, glance, hits, answer in zip(pictures, glances, found, answers, strict=True)
        ]

    def look_on(self, glimpses: Sequence[Glimpse], top: int) -> list[Answer]:
        """Answer pictures as name() does, now that a glance at each is done."""
        if not glimpses:
            return []
        pictures = [one.picture for one in glimpses]
        ranked = self.searcher.look_on([one.glance for one in glimpses], self._deep(top))
        return self._answers(pictures, self._found(pictures, ranked), top)

    def _deep(self, top: int) -> int:
        return max(LOOKED_AT, to_search(self.searcher.wanted, top))

    def _found(self, pictures: Sequence[Picture], ranked: Sequence[Sequence[Hit]]) -> list[Found]:
        return [
            self.copies.put_first(one.image, one.data, hits)
            for one, hits in zip(pictures, ranked, strict=True)
        ]

    def _answers(
        self, pictures: Sequence[Picture], found: Sequence[Found], top: int
    ) -> list[Answer]:
        matches = look_up([one.hits for one in found], self.searcher.wanted, self.catalog, top)
        return [
            Answer.of(one.name, of_one, copies.copies, self.calibration)
            for one, of_one, copies in zip(pictures, matches, found, strict=True)
        ]
