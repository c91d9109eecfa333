"""What a record is worth, from and to, and how that was found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from cratewatch.pricing.history import CENT, PricePoint

Way = Literal[
    "own sales", "this pressing", "this artwork", "artist and label", "model", "neighbours"
]
LEVEL = 0.8
"""Share of prices that lies from low to high."""
SPREAD = 0.35
"""Of prices of one release in one condition, as logarithms, before any was seen."""
SPREAD_OF_NEIGHBOURS = 0.7
"""Of prices of records that look alike."""
WEIGHT = 3.0
"""Prices that the spread from before counts as."""
MOST_SHOWN = 10


@dataclass(frozen=True)
class PriceEstimate:
    """What one record is worth.

    Attributes:
        query: The release or picture that was asked about.
        release_id: The release that it was priced as, or None.
        condition: Goldmine grade that is priced.
        low: Four of five such records bring from low to high; so many are below as above.
        n: Prices that it rests on; of the model those that it learned from.
        way: What it rests on.
        how: The same in a sentence.
        comparables: The latest prices of the release and its artwork, outliers among them.
    """

    query: str
    release_id: str | None
    title: str | None
    condition: str
    currency: str
    low: Decimal
    median: Decimal
    high: Decimal
    n: int
    way: Way
    how: str
    comparables: tuple[PricePoint, ...]


@dataclass(frozen=True)
class Span:
    """Low, median and high as logarithms."""

    low: float
    median: float
    high: float

    def moved(self, by: float) -> Span:
        """Return it so much higher."""
        return Span(self.low + by, self.median + by, self.high + by)

    def amounts(self) -> tuple[Decimal, Decimal, Decimal]:
        """Return low, median and high as money, to the cent and above zero."""
        low, median, high = (
            max(CENT, Decimal(math.exp(log)).quantize(CENT))
            for log in (self.low, self.median, self.high)
        )
        return low, median, high


def span_of(
    logs: Sequence[float], weights: Sequence[float] | None = None, spread: float = SPREAD
) -> Span:
    """Return what prices of comparable records say of one more.

    The spread that was seen is mixed with one from before, so that one price makes no certainty;
    the ends are those of Student's distribution.

    Args:
        logs: At least one.
        weights: None for equal ones.
        spread: From before.
    """
    values = np.asarray(logs, dtype=float)
    shares = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=float)
    middle = weighted_median(values, shares)
    seen = 1.4826 * weighted_median(np.abs(values - middle), shares)
    effective = float(shares.sum() ** 2 / (shares**2).sum())
    known = WEIGHT + effective - 1
    mixed = math.sqrt((WEIGHT * spread**2 + (effective - 1) * seen**2) / known)
    reach = float(stdtrit(known, (1 + LEVEL) / 2)) * mixed * math.sqrt(1 + 1 / effective)
    return Span(middle - reach, middle, middle + reach)


def weighted_median(values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> float:
    """Return the value with half of the weight on each side, between two where it falls there."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order]) / weights.sum()
    place = int(np.searchsorted(below, 0.5 - 1e-9))
    if abs(below[place] - 0.5) < 1e-9 and place + 1 < len(values):
        return float(values[order[place : place + 2]].mean())
    return float(values[order[place]])
