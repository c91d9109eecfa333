"""Intervals that hold: widened by how far off the model was on releases it had not seen.

Conformal prediction by group (Mondrian; Vovk and others, 2005), a group being a media grade.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from cratewatch.catalog.observations import GRADES

LEVELS = (0.8, 0.9)
"""Shares of prices that intervals hold; each has a low and a high end of its own."""
TAILS = tuple(tail for level in LEVELS for tail in ((1 - level) / 2, (1 + level) / 2))
FEWEST = 100
"""Listings of a grade that has intervals of its own; the others share theirs."""
REST = "rest"


@dataclass(frozen=True)
class Conformal:
    """How far prices lie from estimates, in spreads of the estimate.

    Attributes:
        groups: Grades that have a row of their own; the last one is REST.
        ends: (groups, TAILS) float64.
    """

    groups: tuple[str, ...]
    ends: npt.NDArray[np.float64]

    @classmethod
    def of(cls, grades: Sequence[str | None], distances: npt.NDArray[np.float64]) -> Self:
        """Return what distances of prices that the model had not seen say, each in spreads."""
        places = np.array([grade or "" for grade in grades])
        own = tuple(grade for grade in GRADES if (places == grade).sum() >= FEWEST)
        rest = ~np.isin(places, own)
        # Few that are left over tell little of themselves: with them count those of the worst
        # grade that has its own.
        if rest.sum() < FEWEST:
            rest |= places == own[-1] if own else np.ones(len(places), bool)
        parts = [*(places == grade for grade in own), rest]
        return cls((*own, REST), np.array([np.quantile(distances[part], TAILS) for part in parts]))

    def interval(
        self, grade: str | None, level: float, estimate: float, spread: float
    ) -> tuple[float, float]:
        """Return the logarithms between which a share of prices lies.

        Args:
            level: One of LEVELS.
            estimate: As a logarithm; spread likewise.
        """
        group = self.groups.index(grade) if grade in self.groups else len(self.groups) - 1
        first = 2 * LEVELS.index(level)
        low, high = self.ends[group, first : first + 2]
        return estimate + spread * float(low), estimate + spread * float(high)
