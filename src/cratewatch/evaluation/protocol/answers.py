"""How queries are ranked in a gallery, and how well."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cratewatch.chunks import chunks
from cratewatch.evaluation.metrics import (
    Share,
    average_precisions,
    recall_at,
    recall_at_precision,
)
from cratewatch.retrieval.ranking import first_places, rank_of

Vectors = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.intp]
BATCH = 64
WANTED_PRECISION = 0.9
SHOWN = 5

Compare = Callable[[Numbers, Numbers], Vectors]
"""Numbers of Q queries and of N covers to scores (Q, N), higher is more similar."""


@dataclass(frozen=True)
class Search:
    """Which queries are searched in which covers, by their numbers."""

    queries: Numbers
    covers: Numbers


@dataclass(frozen=True)
class Answers:
    """How queries were answered; a query's row tells its answers, the best first.

    Attributes:
        queries: (Q,) their numbers.
        ranks: (Q,) how many other artworks came before the right one.
        precisions: (Q,) the average precision over all covers of the gallery.
        right: (Q,) number of the best cover of the right artwork.
        right_scores: (Q,) its score.
        best: (Q, up to SHOWN) number of the best cover of each of the first artworks.
        best_scores: (Q, up to SHOWN) their scores.
    """

    queries: Numbers
    ranks: Numbers
    precisions: npt.NDArray[np.float64]
    right: Numbers
    right_scores: Vectors
    best: Numbers
    best_scores: Vectors


@dataclass(frozen=True)
class Scores:
    """How well queries were answered.

    Attributes:
        mean_average_precision: Over all covers of the gallery, 0..1.
        recall_at_p90: Share of the queries answered, and rightly, by the best score from which
            on nine of ten answers are right.
    """

    recall_at_1: Share
    recall_at_5: Share
    mean_average_precision: float
    recall_at_p90: float


def answer(
    search: Search, truths: Sequence[str], artworks: Sequence[str], compare: Compare
) -> Answers:
    """Rank the covers of a search for each of its queries.

    Args:
        truths: The artwork of every query, whether it is part of the search or not.
        artworks: The artwork of every cover likewise.

    Raises:
        ValueError: if there is no query, or one of an artwork that the search lacks.
    """
    if not len(search.queries):
        raise ValueError("there is no query")
    ids = {artwork: number for number, artwork in enumerate(dict.fromkeys(artworks))}
    of_cover = np.array([ids[artworks[cover]] for cover in search.covers])
    shown = [truths[query] for query in search.queries]
    if missing := set(shown) - {artworks[cover] for cover in search.covers}:
        raise ValueError(f"the gallery has no cover of {sorted(missing)[0]}")
    truth_ids = np.array([ids[truth] for truth in shown])
    parts = []
    for part in chunks(range(len(shown)), BATCH):
        numbers = search.queries[part]
        scores = compare(numbers, search.covers)
        parts.append(_rank(numbers, scores, truth_ids[part], of_cover, search.covers))
    return joined(parts)


def joined(parts: Sequence[Answers]) -> Answers:
    """Return the answers of all parts, in their order; the least of SHOWN counts for all."""
    shown = min(part.best.shape[1] for part in parts)
    return Answers(
        queries=np.concatenate([part.queries for part in parts]),
        ranks=np.concatenate([part.ranks for part in parts]),
        precisions=np.concatenate([part.precisions for part in parts]),
        right=np.concatenate([part.right for part in parts]),
        right_scores=np.concatenate([part.right_scores for part in parts]),
        best=np.concatenate([part.best[:, :shown] for part in parts]),
        best_scores=np.concatenate([part.best_scores[:, :shown] for part in parts]),
    )


def summarise(answers: Answers) -> Scores:
    """Count the answers."""
    ranks: list[int] = answers.ranks.tolist()
    best = answers.best_scores[:, 0]
    return Scores(
        recall_at_1=recall_at(1, ranks),
        recall_at_5=recall_at(5, ranks),
        mean_average_precision=float(answers.precisions.mean()),
        recall_at_p90=recall_at_precision(answers.ranks < 1, best, WANTED_PRECISION),
    )


def _rank(
    queries: Numbers, scores: Vectors, truths: Numbers, of_cover: Numbers, covers: Numbers
) -> Answers:
    """Rank covers by their scores (Q, N); of_cover (N,) and truths (Q,) are artworks."""
    order = np.argsort(-scores, axis=1, kind="stable")
    ranked = of_cover[order]
    right = ranked == truths[:, None]
    firsts = right.argmax(axis=1)
    places = np.array([first_places(row, SHOWN) for row in ranked.tolist()])
    by_rank = np.take_along_axis(scores, order, axis=1)
    rows = np.arange(len(queries))
    return Answers(
        queries=queries,
        ranks=np.array(
            [rank_of(truth, row) for truth, row in zip(truths, ranked.tolist(), strict=True)]
        ),
        precisions=average_precisions(right),
        right=covers[order[rows, firsts]],
        right_scores=by_rank[rows, firsts],
        best=covers[np.take_along_axis(order, places, axis=1)],
        best_scores=np.take_along_axis(by_rank, places, axis=1),
    )
