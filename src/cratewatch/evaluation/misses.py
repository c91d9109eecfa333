"""Queries whose best answer was wrong, for a look at what a model confuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cratewatch.catalog.records import Cover
from cratewatch.evaluation.protocol.answers import Answers
from cratewatch.evaluation.protocol.cells import Cell
from cratewatch.evaluation.protocol.queries import LabelledQuery

WORST = 24


@dataclass(frozen=True)
class Scored:
    """A cover with its score for a query."""

    cover: Cover
    score: float


@dataclass(frozen=True)
class Miss:
    """A query among all covers whose best answer was wrong.

    Attributes:
        rank: Artworks that came before the right one.
        answers: The best cover of each of the first artworks.
    """

    cell: Cell
    jpeg: bytes
    rank: int
    right: Scored
    answers: tuple[Scored, ...]


def find_misses(
    cell: Cell, queries: Sequence[LabelledQuery], answers: Answers, covers: Sequence[Cover]
) -> list[Miss]:
    """Return the wrongly answered queries of a cell.

    Args:
        queries: Those that the answers number.
        covers: Likewise.
    """
    found = []
    for at, number in enumerate(answers.queries):
        if answers.ranks[at] == 0:
            continue
        best = zip(answers.best[at], answers.best_scores[at], strict=True)
        found.append(
            Miss(
                cell=cell,
                jpeg=queries[number].jpeg,
                rank=int(answers.ranks[at]),
                right=Scored(covers[answers.right[at]], float(answers.right_scores[at])),
                answers=tuple(Scored(covers[cover], float(score)) for cover, score in best),
            )
        )
    return found


def worst(misses: Sequence[Miss]) -> list[Miss]:
    """Return the misses with the highest scores, up to WORST and no artwork twice."""
    first: dict[str, Miss] = {}
    for miss in sorted(misses, key=lambda miss: -miss.answers[0].score):
        first.setdefault(miss.right.cover.artwork_id, miss)
    return list(first.values())[:WORST]
