"""Whether a best match is believed, or the query shows nothing that is known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from cratewatch.retrieval.config import SearchConfig

Verdict = Literal["sure", "likely", "unsure", "unknown"]
SURE = 0.95
UNSURE = 0.2
"""Probabilities from which on an answer is sure, and below which nothing is known."""


SAID: dict[Verdict | None, str] = {
    "sure": "sure: {:.0%} likely to be the first",
    "likely": "likely: the first, by {:.0%}",
    "unsure": "unsure: perhaps the first ({:.0%}), perhaps not in the catalog",
    "unknown": "not in the catalog, as far as can be told",
    None: "how sure this is only `cratewatch calibrate` can tell",
}


def said(verdict: Verdict | None, probability: float | None) -> str:
    """Return what is believed of a best match, for people."""
    return SAID[verdict].format(probability)


@dataclass(frozen=True)
class Calibration:
    """When a best match is believed.

    Attributes:
        threshold: The least score that is.
        slope: Of the probability that a best match is right, as a logistic curve over its score,
            where half of the queries show what is in the catalog.
        middle: The score at which it is half of its ceiling.
        ceiling: What it comes near at the highest scores.
        wanted_false_accepts: Share of the queries of unknown artworks that may be believed.
        false_accepts: Share that were when it was fitted.
        found: Of the queries of known artworks, the share believed and right.
        confused: Of these, the share believed and wrong.
        queries: How many it was fitted on.
        search: How they were searched; scores of another search do not compare.
    """

    threshold: float
    slope: float
    middle: float
    ceiling: float
    wanted_false_accepts: float
    false_accepts: float
    found: float
    confused: float
    queries: int
    search: SearchConfig

    def knows(self, score: float) -> bool:
        """Whether a query whose best match has this score shows that artwork."""
        return score >= self.threshold

    def probability(self, score: float) -> float:
        """Return how likely it is that a best match of this score is right."""
        return 0.5 * self.ceiling * (1.0 + math.tanh(0.5 * self.slope * (score - self.middle)))

    def verdict(self, score: float) -> Verdict:
        """Return it in a word: sure and likely are believed, unsure is worth a look."""
        probability = self.probability(score)
        if self.knows(score):
            return "sure" if probability >= SURE else "likely"
        return "unsure" if probability >= UNSURE else "unknown"
