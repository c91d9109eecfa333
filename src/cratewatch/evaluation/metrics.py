"""Retrieval metrics with their confidence intervals.

These are taken of scipy.special: scipy.stats takes seconds to import.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, stdtrit

LEAST_DRAWS = 10
TAIL = 0.025
"""Of a 95 % interval, on either side."""


@dataclass(frozen=True)
class Share:
    """A share of successes with its 95 % interval, all within 0..1."""

    successes: int
    trials: int
    value: float
    low: float
    high: float


def wilson(successes: int, trials: int) -> Share:
    """Return successes / trials with the Wilson score interval (Wilson 1927), uncorrected.

    Raises:
        ValueError: if there are no trials or more successes than trials.
    """
    if trials <= 0:
        raise ValueError("a share needs at least one trial")
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials")
    z, value = NormalDist().inv_cdf(1 - TAIL), successes / trials
    centre = value + z**2 / (2 * trials)
    half = z * math.sqrt(value * (1 - value) / trials + z**2 / (4 * trials**2))
    low, high = ((end / (1 + z**2 / trials)) for end in (centre - half, centre + half))
    # At the ends the formula gives them but for rounding.
    return Share(
        successes,
        trials,
        value,
        0.0 if successes == 0 else low,
        1.0 if successes == trials else high,
    )


def exact_interval(successes: int, trials: int) -> tuple[float, float]:
    """Return Clopper and Pearson's 95 % interval of a share (1934, Biometrika 26:404)."""
    failures = trials - successes
    low = float(betaincinv(successes, failures + 1, TAIL)) if successes else 0.0
    high = float(betaincinv(successes + 1, failures, 1 - TAIL)) if failures else 1.0
    return low, high


def recall_at(k: int, ranks: Sequence[int | None]) -> Share:
    """Return the share of queries whose true artwork is among the best k.

    Args:
        ranks: How many other artworks came before each query's own; None if it was not found.
    """
    return wilson(sum(rank is not None and rank < k for rank in ranks), len(ranks))


def over_draws(draws: Sequence[Share]) -> Share:
    """Return the mean share of several draws with the 95 % interval of that mean over draws.

    It is Student's interval, and never narrower than Wilson's for all trials together, so that
    draws which happen to agree claim no certainty. Fewer than LEAST_DRAWS tell too little of how
    draws differ: theirs is Wilson's.

    Raises:
        ValueError: if there is no draw.
    """
    if not draws:
        raise ValueError("a mean needs at least one draw")
    pooled = wilson(sum(d.successes for d in draws), sum(d.trials for d in draws))
    values = np.array([draw.value for draw in draws])
    mean = float(values.mean())
    half = 0.0
    if len(draws) >= LEAST_DRAWS:
        error = values.std(ddof=1) / math.sqrt(len(draws))
        half = float(stdtrit(len(draws) - 1, 1 - TAIL) * error)
    low, high = max(0.0, min(pooled.low, mean - half)), min(1.0, max(pooled.high, mean + half))
    return Share(pooled.successes, pooled.trials, mean, low, high)


def average_precisions(right: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return for each query the mean precision at its right covers, (Q,).

    Args:
        right: (Q, N), whether the cover at each place of a query's ranking is right; at least
            one is in each row.
    """
    precision = np.cumsum(right, axis=1) / np.arange(1, right.shape[1] + 1)
    means: npt.NDArray[np.float64] = (precision * right).sum(axis=1) / right.sum(axis=1)
    return means


def mean_average_precision(right: npt.NDArray[np.bool_]) -> float:
    """Return the mean of average_precisions()."""
    return float(average_precisions(right).mean())


def recall_at_precision(
    right: npt.NDArray[np.bool_], scores: npt.NDArray[np.floating], precision: float
) -> float:
    """Return the largest share of queries answered rightly above a score that keeps precision.

    Args:
        right: (Q,), whether the best match of each query is right.
        scores: (Q,), that match's score.
        precision: Of the answers above the score, 0..1.
    """
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(right[order])
    kept = hits / np.arange(1, len(right) + 1) >= precision
    # Of equal scores none is answered without the others.
    whole = np.append(np.diff(scores[order]) != 0, True)
    return float(hits[kept & whole].max(initial=0) / len(right))
