"""What a price model has to beat: four plain ways to guess a price."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from cratewatch.pricing.design import Design
from cratewatch.pricing.encoding import with_one
from cratewatch.pricing.listing import Listing

Logs = npt.NDArray[np.float64]
NEIGHBOURS = 10
RIDGE = 1.0


def global_median(train: Sequence[Listing], logs: Logs, test: Sequence[Listing]) -> Logs:
    """Guess the median of all prices."""
    del train
    return np.full(len(test), np.median(logs))


def median_by_genre_and_condition(
    train: Sequence[Listing], logs: Logs, test: Sequence[Listing]
) -> Logs:
    """Guess the median of the genre's records in that condition; of none, that of all."""
    of_kind: defaultdict[tuple[str, str | None], list[float]] = defaultdict(list)
    for listing, log in zip(train, logs, strict=True):
        of_kind[listing.genre, listing.media_condition].append(float(log))
    medians = {kind: float(np.median(values)) for kind, values in of_kind.items()}
    usual = float(np.median(logs))
    return np.array([medians.get((one.genre, one.media_condition), usual) for one in test])


def ridge(train: Sequence[Listing], logs: Logs, test: Sequence[Listing]) -> Logs:
    """Guess by a ridge regression on the logarithm of the price."""
    design = Design.of(train)
    table = with_one(design.dense(train)).astype(np.float64)
    penalty = RIDGE * np.eye(table.shape[1])
    penalty[-1, -1] = 1e-6  # of the constant
    weights = np.linalg.solve(table.T @ table + penalty, table.T @ logs)
    guessed: Logs = with_one(design.dense(test)) @ weights
    return guessed


def nearest_neighbours(train: Sequence[Listing], logs: Logs, test: Sequence[Listing]) -> Logs:
    """Guess the median of the ten most similar listings."""
    design = Design.of(train)
    table, asked = design.dense(train), design.dense(test)
    squares = (table**2).sum(1)
    return np.array(
        [
            np.median(logs[np.argsort(squares - 2 * table @ one, kind="stable")[:NEIGHBOURS]])
            for one in asked
        ]
    )


BASELINES: dict[str, Callable[[Sequence[Listing], Logs, Sequence[Listing]], Logs]] = {
    "global_median": global_median,
    "genre_condition_median": median_by_genre_and_condition,
    "ridge": ridge,
    "nearest_10": nearest_neighbours,
}
