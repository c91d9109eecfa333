from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cratewatch.catalog.observations import Observation
from cratewatch.pricing.history import history, priced
from cratewatch.pricing.outliers import are_outliers
from cratewatch.pricing.rates import NO_RATES
from cratewatch.pricing.worth import WORTH
from cratewatch.sources.grades import read_grade

PAGE = Path(__file__).parents[3] / "docs" / "prices.md"

START = datetime(2025, 1, 1, tzinfo=UTC)


def seen(price: str, day: int = 0, **values: Any) -> Observation:
    fields: dict[str, Any] = {
        "source": "till",
        "native_id": f"{day}-{price}",
        "kind": "sold",
        "title": "Blue Train",
        "price": Decimal(price),
        "currency": "EUR",
        "observed_at": START + timedelta(days=day),
        "release_id": "shop:1",
        "media_condition": "NM",
    }
    return Observation(**(fields | values))


def test_a_price_far_from_the_others_is_an_outlier() -> None:
    logs = [math.log(price) for price in (10, 11, 12, 9, 250)]
    assert are_outliers(logs) == [False, False, False, False, True]
    assert are_outliers(logs[2:]) == [False, False, False]  # of three nobody knows which
    assert not any(are_outliers([math.log(10)] * 9 + [math.log(12)]))
    assert are_outliers([]) == []


def test_what_a_worn_copy_cost_is_no_outlier_beside_mint_ones() -> None:
    prices = [seen(str(30 * WORTH[grade]), media_condition=grade) for grade in ("M", "NM", "VG+")]
    found, _ = priced([*prices, seen("4.50", 1, media_condition="P")], "EUR", NO_RATES)
    assert not any(p.outlier for p in found)


def test_the_history_of_a_release_by_hand() -> None:
    observations = [
        seen("10.00", 0),
        seen("14.00", 100),
        seen("12.00", 200),
        seen("12.00", 200, quantity=-1, native_id="back"),
        seen("6.00", 210, media_condition="VG"),
        seen("900.00", 220),
        seen("9.00", 230, media_condition=None),
        seen("30.00", 240, kind="asking", source="shop"),
        seen("29.00", 250, kind="asking", source="shop", native_id="240-30.00"),
        seen("5.00", 240, kind="suggestion", source="discogs"),
    ]
    told = history("shop:1", observations, "EUR", NO_RATES, since=START + timedelta(days=50))
    assert (told.sold, told.asking, told.outliers) == (4, 1, 1)
    assert told.sell_through == pytest.approx(4 / 5)
    assert told.last_sold is not None
    assert told.last_sold.value == Decimal("9.00")
    medians = [(m.condition, m.n, m.median) for m in told.medians]
    assert medians == [
        ("NM", 2, Decimal("13.00")),
        ("VG", 1, Decimal("6.00")),
        (None, 1, Decimal("9.00")),
    ]


def test_a_price_that_doubles_in_a_year_has_a_trend_of_one() -> None:
    observations = [seen(f"{10 * 2 ** (day / 365):.4f}", day) for day in (0, 90, 200, 300, 365)]
    told = history("shop:1", [*observations, seen("11", 300, quantity=-1)], "EUR", NO_RATES)
    assert told.trend == pytest.approx(1, abs=0.001)
    assert history("shop:1", observations[:3], "EUR", NO_RATES).trend is None
    of_a_day = [seen(f"{price}", 0) for price in range(10, 16)]
    assert history("shop:1", of_a_day, "EUR", NO_RATES).trend is None


def test_what_has_no_rate_is_left_out_and_said() -> None:
    told = history(
        "shop:1", [seen("1", currency="USD"), seen("2", currency="USD")], "EUR", NO_RATES
    )
    assert (told.sold, told.sell_through, told.last_sold) == (0, None, None)
    assert len(told.unconverted) == 1
    assert "USD cannot be converted without any" in told.unconverted[0]


def test_the_page_of_prices_shows_how_conditions_are_read_and_what_they_are_worth() -> None:
    rows = re.findall(r"^\| `([A-Z+]+)` \| (.+) \| ([\d.]+) \|$", PAGE.read_text(), re.MULTILINE)
    assert {grade: float(worth) for grade, _, worth in rows} == WORTH
    for grade, words, _ in rows:
        assert {read_grade(word) for word in words.split(", ")} == {grade}
