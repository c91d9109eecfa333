"""What small numbers tell: shares with intervals, and changes that are more than noise.

Counts need not be whole: what is handled counts by the probability that it is this album. A sum of
such probabilities varies less than as many whole cases, so that nothing here is too sure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import betainc, betaincinv

TAIL = 0.025
"""Of a 95 % interval, on either side."""
PRIOR = 0.5
"""Jeffreys' (1946): half a case on either side."""
FALSE_SHARE = 0.05
"""Of the findings that are told, so many may be none (Benjamini and Hochberg 1995)."""


@dataclass(frozen=True)
class Share:
    """A share, with the interval that holds the true one in 95 of 100 cases."""

    value: float
    low: float
    high: float


def share(successes: float, trials: float) -> Share | None:
    """Return successes / trials with Jeffreys' interval; None without trials."""
    if trials <= 0:
        return None
    successes = min(successes, trials)
    hits, misses = successes + PRIOR, trials - successes + PRIOR
    return Share(
        value=successes / trials,
        low=float(betaincinv(hits, misses, TAIL)) if successes > 0 else 0.0,
        high=float(betaincinv(hits, misses, 1 - TAIL)) if successes < trials else 1.0,
    )


def rate_p_value(before: float, now: float, days_before: int, days_now: int) -> float:
    """Return how likely two counts differ so much, or more, if nothing has changed.

    Given their sum, the later one is binomial with its share of the days; the answer is twice the
    lighter tail of Jeffreys' posterior of that share.
    """
    expected = days_now / (days_before + days_now)
    below = float(betainc(now + PRIOR, before + PRIOR, expected))
    return min(1.0, 2 * min(below, 1 - below))


def shares_differ(one: Share, other: Share) -> bool:
    """Return whether two shares differ by more than noise, by Newcombe's hybrid score (1998)."""
    apart = one.value - other.value
    low = apart - math.hypot(one.value - one.low, other.high - other.value)
    high = apart + math.hypot(one.high - one.value, other.value - other.low)
    return low > 0 or high < 0


def believed(p_values: Sequence[float]) -> list[bool]:
    """Return which of many findings to believe, so that few of the believed ones are noise.

    Args:
        p_values: How likely each is if there is nothing to find.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    last = 0
    for rank, place in enumerate(order, 1):
        if p_values[place] <= FALSE_SHARE * rank / len(order):
            last = rank
    found = set(order[:last])
    return [place in found for place in range(len(p_values))]
