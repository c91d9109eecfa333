"""Trains a price model: guesses by likeness, and trees, each without a part of the releases."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from cratewatch.errors import CratewatchError
from cratewatch.pricing import learning
from cratewatch.pricing.conformal import Conformal
from cratewatch.pricing.likeness import KINDS_OF_LIKENESS
from cratewatch.pricing.liking import fit_likeness
from cratewatch.pricing.listing import PricedListing
from cratewatch.pricing.model import Facts, PriceModel, points, with_likeness
from cratewatch.pricing.trees import Floats, of_forest

FEWEST = 100
"""Listings that a model can be trained from."""
PARTS = 10
"""Of the releases; each is unknown to as many trees, which tell how sure the others are."""
TREES_OF_PART = 26
MOST_ROWS_OF_TREE = 8_000
FEATURES_OF_SPLIT = 0.4


def train_prices(listings: Sequence[PricedListing], facts: Facts, seed: int = 0) -> PriceModel:
    """Return a model of listings, the same whatever the number of threads.

    Args:
        facts: n, releases and trained_at are filled in here.

    Raises:
        CratewatchError: if there are fewer than FEWEST listings.
    """
    if len(listings) < FEWEST:
        raise CratewatchError(
            f"train-prices: {len(listings)} prices, and {FEWEST} are needed; import sales by "
            "`cratewatch import-sales`, or give a file with --csv"
        )
    with on_one_thread():
        return _trained(listings, facts, seed)


def on_one_thread() -> AbstractContextManager[object]:
    """Return what has sums be added in one order: in another they end a little otherwise.

    Trees then part elsewhere, by which the error of a model changed by half a point.
    """
    limits: AbstractContextManager[object] = threadpool_limits(limits=1)
    return limits


def _trained(listings: Sequence[PricedListing], facts: Facts, seed: int) -> PriceModel:
    asked = [one.listing for one in listings]
    logs = np.log([one.price for one in listings])
    learned = learning.fit(asked, logs)
    encoded = learned.encoded
    part = _parts(learned.releases, seed)
    fitted = [fit_likeness(kind, encoded, learned.words, logs, part) for kind in KINDS_OF_LIKENESS]
    by_likeness = np.stack([unseen for _, unseen in fitted], 1)
    features = with_likeness(encoded, by_likeness)
    grown = [_grow(features, logs, np.flatnonzero(part != n), seed + n) for n in range(PARTS)]
    distances = np.zeros(len(logs))
    for n, of_part in enumerate(grown):
        unseen = part == n
        said = of_forest(of_part).says(features[unseen])
        told, spreads = points(said, by_likeness[unseen])
        distances[unseen] = (logs[unseen] - told) / spreads
    known = replace(
        facts,
        trained_at=datetime.now(UTC).isoformat(timespec="seconds"),
        n=len(listings),
        releases=len({one.release for one in asked}),
    )
    conformal = Conformal.of([one.media_condition for one in asked], distances)
    trees = of_forest([tree for of_part in grown for tree in of_part])
    return PriceModel(known, learned.encoder, trees, tuple(one for one, _ in fitted), conformal)


def _parts(releases: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.int64]:
    """Return the part of each row; rows of one release are in one."""
    unique, place = np.unique(releases, return_inverse=True)
    return np.random.default_rng(seed).permutation(len(unique))[place] % PARTS


def _grow(
    features: Floats, logs: npt.NDArray[np.float64], rows: npt.NDArray[np.int64], seed: int
) -> list[object]:
    """Return the trees of one part, as scikit-learn grows them."""
    from sklearn.tree import ExtraTreeRegressor

    random = np.random.default_rng(seed)
    grown = []
    for _ in range(TREES_OF_PART):
        some = rows
        if len(rows) > MOST_ROWS_OF_TREE:
            some = random.choice(rows, MOST_ROWS_OF_TREE, replace=False)
        tree = ExtraTreeRegressor(
            max_features=FEATURES_OF_SPLIT, random_state=int(random.integers(2**31))
        )
        grown.append(tree.fit(features[some], logs[some]))
    return grown
