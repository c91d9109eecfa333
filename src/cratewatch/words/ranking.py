"""Ranks persons for a prompt in two stages: all by cosine, the best by image-text matching."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from cratewatch.words.text_image import TextImageModel, Tokens

RERANKED = 32
"""How many the second stage looks at: it takes a quarter of a second each on a CPU."""
Row = TypeVar("Row")


@dataclass(frozen=True)
class Candidate(Generic[Row]):
    """A picture of a person that a first stage found.

    Attributes:
        key: Of the picture.
        person: Whom it shows: of each person the best picture is ranked.
        cosine: Of text and picture.
        row: What it stands for.
    """

    key: str
    person: Hashable
    cosine: float
    row: Row


@dataclass(frozen=True)
class Cut:
    """What of a ranking is told.

    Attributes:
        least: Similarity; see TextImageModel.scores().
        top: How many at most.
    """

    least: float = 0.35
    top: int = 5


@dataclass(frozen=True)
class Ranked(Generic[Row]):
    """A person, ranked.

    Attributes:
        score: What ranks: of the second stage the matching logit plus the cosine, else similarity.
        similarity: What a threshold compares: see TextImageModel.scores().
    """

    row: Row
    score: float
    similarity: float


def rank(
    model: TextImageModel,
    prompt: str,
    candidates: Sequence[Candidate[Row]],
    tokens: Callable[[Sequence[str]], Tokens],
    cut: Cut,
) -> list[Ranked[Row]]:
    """Return the best persons, best first; none that is less similar than the cut admits.

    Args:
        tokens: Returns those of pictures, by their keys.
    """
    best = _best_pictures(candidates)
    if not best:
        return []
    cosines = np.array([one.cosine for one in best], np.float32)
    similar = model.scores(prompt, cosines)
    ranked = [
        Ranked(one.row, float(score), float(score))
        for one, score in zip(best, similar, strict=True)
    ]
    fitting = sum(one.similarity >= cut.least for one in ranked)
    if model.can_match and fitting:
        head = min(fitting, RERANKED)
        keys = [one.key for one in best[:head]]
        logits = model.match(prompt, tokens(keys))
        rescored = [
            Ranked(one.row, float(logit) + candidate.cosine, one.similarity)
            for one, candidate, logit in zip(ranked, best, logits, strict=False)
        ]
        ranked[:head] = sorted(rescored, key=lambda one: -one.score)
    return ranked[: min(fitting, cut.top)]


def _best_pictures(candidates: Sequence[Candidate[Row]]) -> list[Candidate[Row]]:
    """Return the best picture of each person, best first; of equals the first stays."""
    best: dict[Hashable, Candidate[Row]] = {}
    for one in sorted(candidates, key=lambda candidate: -candidate.cosine):
        best.setdefault(one.person, one)
    return list(best.values())
