from __future__ import annotations

import math

import numpy as np
import pytest

from cratewatch.errors import CratewatchError
from cratewatch.pricing.baselines import (
    global_median,
    median_by_genre_and_condition,
    nearest_neighbours,
    ridge,
)
from cratewatch.pricing.design import Design
from cratewatch.pricing.evaluating import FOLDS, Split, _folds, evaluate_prices
from tests.cratewatch.pricing.made_listings import made_listings

pytestmark = pytest.mark.heavy


def test_a_model_is_compared_with_plain_ways_to_guess() -> None:
    seen: list[tuple[int, int]] = []
    told = evaluate_prices(made_listings(400), "EUR", advance=lambda *done: seen.append(done))
    assert (told.n, told.releases, told.currency, told.split) == (400, 200, "EUR", "release")
    assert told.median_ape < told.baselines["global_median"]
    best = min(told.baselines.values())
    assert told.better_by == pytest.approx(1 - told.median_ape / best, abs=1e-4)
    assert [one.condition for one in told.by_condition] == ["M", "NM", "VG+", "VG"]
    assert sum(one.n for one in told.by_condition) == 400
    assert 0.6 < told.coverage_80 < told.coverage_90 <= 1
    assert seen[-1] == (FOLDS, FOLDS)


def test_rows_of_a_release_are_in_one_fold_and_another_seed_parts_otherwise() -> None:
    releases = [str(number // 3) for number in range(300)]
    fold = _folds(releases, 0)
    assert all(len(set(fold[n : n + 3])) == 1 for n in range(0, 300, 3))
    assert sorted(set(fold)) == list(range(FOLDS))
    assert (fold != _folds(releases, 1)).any()


@pytest.mark.parametrize("by", ["artist", "label"])
def test_listings_are_parted_by_artist_or_label_too(by: str) -> None:
    told = evaluate_prices(made_listings(240), split=Split(by, seed=1))  # type: ignore[arg-type]
    assert (told.split, told.seed) == (by, 1)


def test_too_few_are_refused() -> None:
    with pytest.raises(CratewatchError, match="10 prices, and 200 are needed"):
        evaluate_prices(made_listings(10))


def test_medians_by_hand() -> None:
    made = made_listings(60)
    listings, logs = [one.listing for one in made], np.log([one.price for one in made])
    assert set(global_median(listings, logs, listings[:2])) == {float(np.median(logs))}
    same = [
        math.log(one.price)
        for one in made
        if (one.listing.genre, one.listing.media_condition)
        == (listings[0].genre, listings[0].media_condition)
    ]
    (guess,) = median_by_genre_and_condition(listings, logs, listings[:1])
    assert guess == pytest.approx(np.median(same))


def test_ten_neighbours_against_the_obvious_way() -> None:
    made = made_listings(80)
    listings, logs = [one.listing for one in made], np.log([one.price for one in made])
    asked = [one.listing for one in made_listings(6, seed=5)]
    design = Design.of(listings)
    rows = design.dense(listings).astype(float)
    for listing, guess in zip(asked, nearest_neighbours(listings, logs, asked), strict=True):
        apart = np.linalg.norm(rows - design.dense([listing]).astype(float), axis=1)
        assert guess == pytest.approx(np.median(logs[np.argsort(apart, kind="stable")[:10]]))
    assert np.abs(ridge(listings, logs, listings) - logs).mean() < 0.4
