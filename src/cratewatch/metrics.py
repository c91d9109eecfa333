"""Retrieval metrics with their confidence intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import binomtest


@dataclass(frozen=True)
class Share:
    """A share of successes with its 95 % Wilson interval, all within 0..1."""

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
    interval = binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    return Share(successes, trials, successes / trials, float(interval.low), float(interval.high))


def recall_at(k: int, truths: Sequence[str], ranked: Sequence[Sequence[str]]) -> Share:
    """Return the share of queries whose true artwork is among the best k.

    Args:
        truths: The true artwork id of each query.
        ranked: For each query, artwork ids by descending score, none twice.
    """
    hits = sum(truth in row[:k] for truth, row in zip(truths, ranked, strict=True))
    return wilson(hits, len(truths))
