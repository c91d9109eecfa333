from __future__ import annotations

import io
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from threadpoolctl import threadpool_limits

from cratewatch.errors import CratewatchError
from cratewatch.lake.folder import FolderLake
from cratewatch.pricing import learning
from cratewatch.pricing.conformal import FEWEST, LEVELS, Conformal
from cratewatch.pricing.likeness import (
    KINDS_OF_LIKENESS,
    Kind,
    counted,
    distances,
    matern,
    places,
)
from cratewatch.pricing.liking import fit_likeness
from cratewatch.pricing.model import Facts, PriceModel
from cratewatch.pricing.model_file import SERVING, load_prices, of_bytes, save_prices, to_bytes
from cratewatch.pricing.training import train_prices
from cratewatch.pricing.trees import of_forest
from tests.cratewatch.pricing.made_listings import made_listings
from tests.late import Late

svm, tree = Late("sklearn.svm"), Late("sklearn.tree")

FACTS = Facts("", "sold", "EUR", 0, 0, ("till",))


@pytest.fixture(scope="module")
def model() -> PriceModel:
    return train_prices(made_listings(400), FACTS)  # before trees are few


def test_trees_say_what_scikit_learn_says_that_grew_them() -> None:
    random = np.random.default_rng(0)
    table = random.normal(size=(200, 5)).astype(np.float32)
    grown = [tree.ExtraTreeRegressor(random_state=n).fit(table, table[:, n]) for n in range(3)]
    asked = random.normal(size=(50, 5)).astype(np.float32)
    said = of_forest(grown).says(asked)
    np.testing.assert_allclose(said, np.array([t.predict(asked) for t in grown]).T, rtol=1e-6)


def test_what_a_model_says_of_unseen_releases_is_near(model: PriceModel) -> None:
    unseen = [one for one in made_listings(900, seed=1) if int(one.listing.release) >= 200]
    listings = [one.listing for one in unseen]
    logs = np.log([one.price for one in unseen])
    guesses = model.guess(listings)
    assert np.median(np.abs([g.log for g in guesses] - logs)) < 0.25
    held = [
        low <= log <= high
        for listing, guess, log in zip(listings, guesses, logs, strict=True)
        for low, high in [model.interval(listing, guess, 0.8)]
    ]
    assert 0.65 < np.mean(held) < 0.95
    assert model.guess([]) == []


def test_the_same_listings_give_the_same_model() -> None:
    first, second = (train_prices(made_listings(120), FACTS) for _ in range(2))
    listings = [one.listing for one in made_listings(20, seed=2)]
    assert first.guess(listings) == second.guess(listings)


def test_the_number_of_threads_makes_no_difference() -> None:
    listings = [one.listing for one in made_listings(20, seed=2)]
    said = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            said.append(train_prices(made_listings(400), FACTS).guess(listings[:1]))
    assert said[0] == said[1]


def test_of_a_listing_nobody_knows_anything_about_there_is_a_guess(model: PriceModel) -> None:
    bare = replace(made_listings(1)[0].listing, artist="", label="", title="", catno="", want=None)
    unknown = replace(bare, have=None, year=None, format="", genre="", media_condition=None)
    (guess,) = model.guess([unknown])
    assert np.isfinite(guess.log)
    low, high = model.interval(unknown, guess, 0.9)
    assert low < guess.log < high


def test_too_few_prices_are_refused() -> None:
    with pytest.raises(CratewatchError, match="99 prices, and 100 are needed"):
        train_prices(made_listings(99), FACTS)


@pytest.mark.parametrize("kind", KINDS_OF_LIKENESS)
def test_what_likeness_says_is_what_support_vectors_say_that_were_fitted(kind: Kind) -> None:
    learned, logs, part = _learned()
    encoded = learned.encoded
    likeness, unseen = fit_likeness(kind, encoded, learned.words, logs, part)
    counting = counted(kind, encoded)
    rows = places(kind, encoded, counting.mean(0), counting.std(0) + np.float32(1e-6))
    words = learned.words.toarray()
    kernel = matern(distances(rows, rows), kind.reach) + kind.straight * rows @ rows.T
    kernel = kernel + kind.words * words @ words.T

    def fitted_without(out: npt.NDArray[np.bool_], asked: npt.NDArray[np.bool_]) -> Any:
        mean, spread = logs[~out].mean(), logs[~out].std()
        plain = svm.SVR(kernel="precomputed", C=kind.pull, epsilon=kind.near)
        plain.fit(kernel[np.ix_(~out, ~out)], (logs[~out] - mean) / spread)
        return mean + spread * plain.predict(kernel[np.ix_(asked, ~out)])

    everything = np.ones(len(logs), bool)
    said = likeness.says(encoded, learned.words @ likeness.words)
    np.testing.assert_allclose(said, fitted_without(~everything, everything), atol=2e-3)
    np.testing.assert_allclose(unseen[part == 3], fitted_without(part == 3, part == 3), atol=2e-3)


def test_what_likeness_says_of_an_unseen_part_is_without_its_prices() -> None:
    learned, logs, part = _learned()
    kind = KINDS_OF_LIKENESS[0]
    _, before = fit_likeness(kind, learned.encoded, learned.words, logs, part)
    _, after = fit_likeness(kind, learned.encoded, learned.words, logs + 5 * (part == 3), part)
    np.testing.assert_array_equal(before[part == 3], after[part == 3])
    assert (before[part != 3] != after[part != 3]).all()


def _learned() -> tuple[learning.Learned, npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return listings, their prices as logarithms, and five parts of their releases."""
    made = made_listings(120)
    logs = np.log([one.price for one in made])
    learned = learning.fit([one.listing for one in made], logs)
    return learned, logs, learned.releases % 5


def test_what_the_training_knows_of_a_listing_is_without_its_own_release() -> None:
    made = made_listings(200)
    logs = np.log([one.price for one in made])
    listings = [one.listing for one in made]
    before = learning.fit(listings, logs).encoded.features[:2]
    dearer = logs.copy()
    dearer[:2] += 5  # both rows of the first release
    after = learning.fit(listings, dearer).encoded.features[:2]
    # A constant and a straight line are of all rows, and the words' of all but a fifth.
    np.testing.assert_allclose(before, after, atol=0.75)


def test_intervals_by_hand() -> None:
    conformal = Conformal.of(["M"] * 201, np.arange(-100, 101) / 100)
    assert conformal.groups == ("M", "rest")
    assert conformal.interval("M", 0.8, 0.0, 1.0) == pytest.approx((-0.8, 0.8))
    assert conformal.interval("M", 0.9, 1.0, 2.0) == pytest.approx((1 - 1.8, 1 + 1.8))
    assert conformal.interval("P", 0.8, 0.0, 1.0) == pytest.approx((-0.8, 0.8))


def test_a_condition_with_few_prices_has_the_interval_of_the_others() -> None:
    grades = ["NM"] * FEWEST + ["P"] * (FEWEST - 1)
    wide = np.concatenate([np.linspace(-1, 1, FEWEST), np.linspace(-5, 5, FEWEST - 1)])
    conformal = Conformal.of(grades, wide)
    assert conformal.groups == ("NM", "rest")
    narrow = conformal.interval("NM", LEVELS[0], 0, 1)
    assert conformal.interval("P", LEVELS[0], 0, 1)[1] > narrow[1]


def test_a_model_that_was_saved_says_the_same(model: PriceModel, tmp_path: Path) -> None:
    lake = FolderLake(tmp_path)
    assert load_prices(lake) is None
    key = save_prices(lake, model)
    again = load_prices(lake)
    assert again is not None
    assert again.facts == model.facts
    assert lake.read(key) == lake.read(SERVING)
    listings = [one.listing for one in made_listings(20, seed=3)]
    assert again.guess(listings) == model.guess(listings)


def test_another_file_is_no_price_model(model: PriceModel, monkeypatch: pytest.MonkeyPatch) -> None:
    data = to_bytes(model)
    pickled = io.BytesIO()
    np.savez(pickled, plain=np.array([object()], dtype=object))
    broken = {b"", b"PK", data[:-100], pickle.dumps({"shape": 1}), pickled.getvalue()}
    for bad in broken:
        with pytest.raises(CratewatchError, match=r"x\.npz: it holds no price model; train one"):
            of_bytes(bad, "x.npz")
    monkeypatch.setattr("cratewatch.pricing.model_file.SHAPE", 3)
    with pytest.raises(CratewatchError, match=r"of shape 2, this version reads 3; train one anew"):
        of_bytes(data, "x.npz")
