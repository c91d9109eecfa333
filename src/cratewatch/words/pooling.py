"""Pools what several models tell of a person."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cratewatch.finding.quads import Rgb
from cratewatch.words.attributes import TERMS, AttributeModel, Attributes

SUREST = 1e-6


class Pooled:
    """Adds the log odds that models tell of a term, each trusted by a share (logarithmic pool).

    See attributes.AttributeModel.
    """

    def __init__(self, *models: tuple[AttributeModel, float]) -> None:
        """Take models, and which share of its log odds is believed of each."""
        self._models = models
        self.name = "+".join(f"{model.name}*{share}" for model, share in models)
        known = {term for model, _ in models for term in model.terms}
        self.terms = tuple(term for term in TERMS if term in known)

    def look(self, crops: Sequence[Rgb]) -> list[Attributes]:
        """Return what they see together in crops of whole persons."""
        looks = [model.look(crops) for model, _ in self._models]
        return [self._pooled(each) for each in zip(*looks, strict=True)]

    def _pooled(self, looks: Sequence[Attributes]) -> Attributes:
        odds: dict[str, float] = {}
        for look, (_, share) in zip(looks, self._models, strict=True):
            for term, probability in look.probabilities.items():
                odds[term] = odds.get(term, 0.0) + share * _log_odds(probability)
        return Attributes({term: 1 / (1 + math.exp(-one)) for term, one in odds.items()})


def _log_odds(probability: float) -> float:
    sure = min(max(probability, SUREST), 1 - SUREST)
    return math.log(sure / (1 - sure))
