"""How far a price model is off, on releases that it has not seen, beside plain ways to guess."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from cratewatch.catalog.observations import GRADES
from cratewatch.errors import CratewatchError
from cratewatch.pricing.baselines import BASELINES
from cratewatch.pricing.conformal import LEVELS
from cratewatch.pricing.encoding import key_of
from cratewatch.pricing.listing import Listing, PricedListing, bare
from cratewatch.pricing.model import Facts
from cratewatch.pricing.training import FEWEST, on_one_thread, train_prices

FOLDS = 5
SplitBy = Literal["release", "artist", "label"]
_OF_SPLIT: dict[SplitBy, Callable[[Listing], str]] = {
    "release": lambda listing: listing.release,
    "artist": lambda listing: bare(listing.artist),
    "label": lambda listing: bare(listing.label),
}
Advance = Callable[[int, int], None]


@dataclass(frozen=True)
class Split:
    """How listings are parted.

    Attributes:
        by: What is never on both sides.
        seed: Of the draw.
    """

    by: SplitBy = "release"
    seed: int = 0


@dataclass(frozen=True)
class ConditionScore:
    """How well records in one condition were priced.

    Attributes:
        condition: Goldmine grade of the record.
        median_ape: As of all; coverage_80 and coverage_90 likewise.
    """

    condition: str
    n: int
    median_ape: float
    coverage_80: float
    coverage_90: float


@dataclass(frozen=True)
class PriceEvaluation:
    """How well prices of unseen releases were told.

    Attributes:
        n: Listings; releases likewise.
        split: What is never on both sides: release, artist or label.
        median_ape: Median absolute percentage error, as a share: 0.25 is a quarter.
        baselines: The same figure of plain ways to guess, by name.
        better_by: How much of the best baseline's error the model spares, as a share.
        coverage_80: Share of prices within the interval that holds 80 %; coverage_90 likewise.
        by_condition: The best condition first.
    """

    n: int
    releases: int
    split: SplitBy
    seed: int
    currency: str
    median_ape: float
    baselines: dict[str, float]
    better_by: float
    coverage_80: float
    coverage_90: float
    by_condition: tuple[ConditionScore, ...]


@dataclass
class _Said:
    """Of each listing its price, and what was said of it while it was unseen, as logarithms.

    Attributes:
        held: Whether the interval of each of LEVELS held the price.
    """

    logs: npt.NDArray[np.float64]
    model: npt.NDArray[np.float64]
    baselines: dict[str, npt.NDArray[np.float64]]
    held: npt.NDArray[np.bool_]


def evaluate_prices(
    listings: Sequence[PricedListing],
    currency: str = "",
    split: Split = Split(),
    advance: Advance | None = None,
) -> PriceEvaluation:
    """Train FOLDS times, each time without a part, and compare what is said of it with its prices.

    Args:
        advance: Is told the folds done, and of how many.

    Raises:
        CratewatchError: if there are too few listings.
    """
    if len(listings) < 2 * FEWEST:
        raise CratewatchError(
            f"evaluate-prices: {len(listings)} prices, and {2 * FEWEST} are needed; give more"
        )
    logs = np.log([one.price for one in listings])
    fold = _folds([_OF_SPLIT[split.by](one.listing) for one in listings], split.seed)
    said = _Said(
        logs,
        np.zeros_like(logs),
        {name: np.zeros_like(logs) for name in BASELINES},
        np.zeros((len(logs), len(LEVELS)), bool),
    )
    for part in range(FOLDS):
        _evaluate_part(listings, fold == part, said)
        if advance:
            advance(part + 1, FOLDS)
    return _evaluation(listings, said, currency, split)


def _folds(groups: Sequence[str], seed: int) -> npt.NDArray[np.int64]:
    """Return the fold of each row; rows of one group are in one."""
    _, place = np.unique([key_of(group) for group in groups], return_inverse=True)
    return np.random.default_rng(seed).permutation(place.max() + 1)[place] % FOLDS


def _evaluate_part(
    listings: Sequence[PricedListing], unseen: npt.NDArray[np.bool_], said: _Said
) -> None:
    train = [one for one, out in zip(listings, unseen, strict=True) if not out]
    test = [one.listing for one, out in zip(listings, unseen, strict=True) if out]
    model = train_prices(train, Facts("", "", "", 0, 0, ()))
    with on_one_thread():
        guesses = model.guess(test)
    said.model[unseen] = [guess.log for guess in guesses]
    for row, listing, guess in zip(np.flatnonzero(unseen), test, guesses, strict=True):
        for column, level in enumerate(LEVELS):
            low, high = model.interval(listing, guess, level)
            said.held[row, column] = low <= said.logs[row] <= high
    for name, baseline in BASELINES.items():
        said.baselines[name][unseen] = baseline(
            [o.listing for o in train], said.logs[~unseen], test
        )


def _evaluation(
    listings: Sequence[PricedListing], said: _Said, currency: str, split: Split
) -> PriceEvaluation:
    baselines = {name: _median_ape(said.logs, guess) for name, guess in said.baselines.items()}
    median_ape = _median_ape(said.logs, said.model)
    grades = np.array([one.listing.media_condition or "" for one in listings])
    present = [grade for grade in GRADES if (grades == grade).any()]
    return PriceEvaluation(
        n=len(listings),
        releases=len({one.listing.release for one in listings}),
        split=split.by,
        seed=split.seed,
        currency=currency,
        median_ape=median_ape,
        baselines=baselines,
        better_by=_rounded(1 - median_ape / min(baselines.values())),
        coverage_80=_rounded(said.held[:, 0].mean()),
        coverage_90=_rounded(said.held[:, 1].mean()),
        by_condition=tuple(_of_condition(grade, grades == grade, said) for grade in present),
    )


def _of_condition(grade: str, rows: npt.NDArray[np.bool_], said: _Said) -> ConditionScore:
    held = said.held[rows].mean(0)
    error = _median_ape(said.logs[rows], said.model[rows])
    return ConditionScore(grade, int(rows.sum()), error, _rounded(held[0]), _rounded(held[1]))


def _median_ape(logs: npt.NDArray[np.float64], guessed: npt.NDArray[np.float64]) -> float:
    """Return the median of |guess - price| / price."""
    return _rounded(np.median(np.abs(np.expm1(guessed - logs))))


def _rounded(value: float | np.floating) -> float:
    return round(float(value), 4)
