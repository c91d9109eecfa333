"""What releases were sold and asked for, as it went: in one currency, outliers flagged."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from cratewatch.catalog.observations import GRADES, Observation
from cratewatch.pricing.outliers import are_outliers
from cratewatch.pricing.rates import RateError, Rates
from cratewatch.pricing.worth import log_worth

YEAR = timedelta(days=365)
FEWEST_OF_TREND = 4
CENT = Decimal("0.01")
MOST_OF_TREND = 400
"""Prices of which every two are compared."""


@dataclass(frozen=True)
class PricePoint:
    """One price as it is shown.

    Attributes:
        price: Of one piece as the source gave it, in currency.
        value: What that is in the currency that is asked for; beside an estimate in the condition
            that is priced, too.
        outlier: Whether it is far from the others.
    """

    source: str
    kind: str
    release_id: str | None
    title: str
    media_condition: str | None
    sleeve_condition: str | None
    price: Decimal
    currency: str
    quantity: int
    observed_at: datetime
    url: str | None
    value: Decimal
    outlier: bool


@dataclass(frozen=True)
class Priced:
    """An observation beside what it is in the currency that is asked for.

    Attributes:
        value: By the rate of its day.
        outlier: Whether it is far from the others, its condition considered.
    """

    observation: Observation
    value: Decimal
    outlier: bool = False

    @property
    def log_near_mint(self) -> float:
        """The logarithm of what the same record would be near mint."""
        return math.log(self.value) - log_worth(self.observation.media_condition)

    def point(self, condition: str | None = None) -> PricePoint:
        """Return it to be shown.

        Args:
            condition: In which its value is told; None for its own.
        """
        seen = {name: getattr(self.observation, name) for name in _SHOWN}
        value = self.value
        if condition is not None:
            there = math.exp(self.log_near_mint + log_worth(condition))
            value = max(CENT, Decimal(there).quantize(CENT))
        return PricePoint(**seen, value=value, outlier=self.outlier)


_SHOWN = tuple(name for name in PricePoint.__dataclass_fields__ if name not in ("value", "outlier"))


@dataclass(frozen=True)
class MedianOfCondition:
    """What a release was sold for in one condition.

    Attributes:
        condition: Goldmine grade of the record, or None where nobody said.
        n: Sales; outliers are not among them.
    """

    condition: str | None
    n: int
    median: Decimal


@dataclass(frozen=True)
class History:
    """What is known of the prices of a release.

    Attributes:
        currency: Of all amounts.
        sold: Sales of the window, less what was brought back, in pieces.
        asking: Listings of any time that asked a price and are not known to be sold.
        last_sold: The latest sale, of any time; returns are none.
        medians: By condition, the best first, of the sales in the window.
        trend: Change of the sold price over a year as a share, or None of fewer than
            FEWEST_OF_TREND sales.
        sell_through: Share of sold in sold and asking, or None where there is neither.
        outliers: How many sales were left out of medians and trend.
        unconverted: Why observations are left out: a line for each currency without a rate.
        observations: The prices of the window, by date.
    """

    release_id: str
    currency: str
    since: datetime | None
    sold: int
    asking: int
    last_sold: PricePoint | None
    medians: tuple[MedianOfCondition, ...]
    trend: float | None
    sell_through: float | None
    outliers: int
    unconverted: tuple[str, ...]
    observations: tuple[PricePoint, ...]


def priced(
    observations: Iterable[Observation], currency: str, rates: Rates
) -> tuple[list[Priced], tuple[str, ...]]:
    """Return observations in a currency, outliers flagged, and a line for each that has no rate."""
    found: list[Priced] = []
    lines: dict[str, str] = {}
    for observation in observations:
        try:
            value = rates.convert(
                observation.price, observation.currency, currency, observation.observed_at
            )
        except RateError as error:
            lines.setdefault(observation.currency, str(error))
            continue
        if value > 0:  # a thousandth of a cent is none
            found.append(Priced(observation, value))
    return _flagged(found), tuple(lines.values())


def _flagged(found: Sequence[Priced]) -> list[Priced]:
    """Return what was found, each kind compared with its own."""
    of_kind: defaultdict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(found):
        of_kind[one.observation.kind].append(place)
    far = set()
    for places in of_kind.values():
        flags = are_outliers([found[place].log_near_mint for place in places])
        far |= {place for place, flag in zip(places, flags, strict=True) if flag}
    return [Priced(p.observation, p.value, n in far) for n, p in enumerate(found)]


def history(
    release_id: str,
    observations: Iterable[Observation],
    currency: str,
    rates: Rates,
    *,
    since: datetime | None = None,
) -> History:
    """Return what observations of a release, of all times, say of it.

    Args:
        since: When the window begins; None for all that is known.
    """
    found, unconverted = priced(observations, currency, rates)
    sales = [p for p in found if p.observation.kind == "sold"]
    within = [p for p in sales if _is_within(p, since)]
    usual = [p for p in within if not p.outlier and p.observation.quantity > 0]
    sold = max(0, sum(p.observation.quantity for p in within))
    asking = _unsold(found)
    return History(
        release_id=release_id,
        currency=currency,
        since=since,
        sold=sold,
        asking=asking,
        last_sold=_latest(p for p in sales if p.observation.quantity > 0),
        medians=tuple(_medians(usual)),
        trend=trend(usual),
        sell_through=sold / (sold + asking) if sold + asking else None,
        outliers=sum(p.outlier for p in within),
        unconverted=unconverted,
        observations=tuple(p.point() for p in found if _is_within(p, since)),
    )


def _is_within(one: Priced, since: datetime | None) -> bool:
    return since is None or one.observation.observed_at >= since


def _latest(sales: Iterable[Priced]) -> PricePoint | None:
    last = max(sales, key=lambda p: p.observation.observed_at, default=None)
    return last.point() if last else None


def _unsold(found: Iterable[Priced]) -> int:
    """Return how many listings asked a price and are not known to be sold."""
    listings: dict[str, set[tuple[str, str]]] = {
        "sold": set(),
        "asking": set(),
        "suggestion": set(),
    }
    for one in (p.observation for p in found):
        listings[one.kind].add((one.source, one.native_id))
    return len(listings["asking"] - listings["sold"])


def _medians(sales: Iterable[Priced]) -> Iterable[MedianOfCondition]:
    of_grade: defaultdict[str | None, list[Decimal]] = defaultdict(list)
    for one in sales:
        of_grade[one.observation.media_condition].append(one.value)
    for grade in (*GRADES, None):
        if values := sorted(of_grade[grade]):
            middle = (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2
            yield MedianOfCondition(grade, len(values), middle.quantize(CENT))


def trend(sales: Sequence[Priced]) -> float | None:
    """Return the change of a price over a year as a share: 0.1 is a tenth dearer.

    It is the median of the slopes between every two sales (Theil and Sen), each as if near mint.
    """
    latest = sorted(sales, key=lambda p: p.observation.observed_at)[-MOST_OF_TREND:]
    if len(latest) < FEWEST_OF_TREND:
        return None
    years = np.array([p.observation.observed_at.timestamp() / YEAR.total_seconds() for p in latest])
    logs = np.array([p.log_near_mint for p in latest])
    first, second = np.triu_indices(len(latest), 1)
    apart = years[second] - years[first]
    far = apart > 1 / 365  # of one day there is no slope
    if far.sum() < FEWEST_OF_TREND:
        return None
    slopes = (logs[second] - logs[first])[far] / apart[far]
    return float(np.expm1(np.median(slopes)))
