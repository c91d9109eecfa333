from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from cratewatch.pricing.rates import NO_RATES, RateError, Rates, load_rates

TABLE = """Date,USD,JPY,CYP,
2026-05-04,1.25,160,N/A,
2026-05-01,1.20,150,N/A,
2007-12-31,1.4721,164.93,0.585274,
"""
FRIDAY, SUNDAY = datetime(2026, 5, 1, 20, tzinfo=UTC), datetime(2026, 5, 3, 9, tzinfo=UTC)


@pytest.fixture
def rates(tmp_path: Path) -> Rates:
    (tmp_path / "eurofxref-hist.csv").write_text(TABLE)
    return load_rates(str(tmp_path / "eurofxref-hist.csv"))


@pytest.mark.parametrize(
    ("amount", "currency", "into", "on", "expected"),
    [
        ("12.00", "USD", "EUR", FRIDAY, "10.00"),
        ("10", "EUR", "USD", SUNDAY, "12.00"),
        ("3000", "JPY", "USD", FRIDAY, "24.00"),
        ("9.99", "GBP", "GBP", FRIDAY, "9.99"),
        ("10", "EUR", "USD", datetime(2026, 5, 20, tzinfo=UTC), "12.50"),
        ("10", "EUR", "CYP", datetime(2008, 1, 1, tzinfo=UTC), "5.85"),
    ],
)
def test_the_rate_of_the_day_or_of_the_nearest_before_it_counts(
    rates: Rates, amount: str, currency: str, into: str, on: datetime, expected: str
) -> None:
    assert rates.convert(Decimal(amount), currency, into, on) == Decimal(expected)


@pytest.mark.parametrize(
    ("currency", "on", "said"),
    [
        ("CYP", FRIDAY, r"no rate of CYP for 2026-05-01: the latest before it is of 2007-12-31"),
        ("USD", datetime(1998, 1, 1, tzinfo=UTC), "no rate of USD for 1998-01-01: none is older"),
        ("GBP", FRIDAY, "no rate of GBP"),
    ],
)
def test_a_rate_that_lacks_is_said(rates: Rates, currency: str, on: datetime, said: str) -> None:
    with pytest.raises(RateError, match=said):
        rates.convert(Decimal(1), currency, "EUR", on)


def test_without_rates_one_currency_is_as_it_is() -> None:
    assert load_rates("") is NO_RATES
    assert NO_RATES.convert(Decimal(1), "USD", "USD", FRIDAY) == 1
    with pytest.raises(RateError, match="USD cannot be converted without any; set rates_path"):
        NO_RATES.convert(Decimal(1), "USD", "EUR", FRIDAY)


def test_the_table_of_one_day_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "eurofxref.csv").write_text("Date, USD, JPY, \n04 May 2026, 1.25, 160, \n")
    rates = load_rates(str(tmp_path / "eurofxref.csv"))
    on = datetime(2026, 5, 4, tzinfo=UTC)
    assert rates.convert(Decimal(5), "USD", "EUR", on) == Decimal("4.00")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no table of rates"),
        (b"artist,title\n", "its first line is not Date"),
        (b"Date,USD\nyesterday,1\n", r"line 2: 'yesterday' is no date"),
        (b"\xff\xfe\x00", "no UTF-8"),
        (None, "No such file"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, data: bytes | None, said: str) -> None:
    if data is not None:
        (tmp_path / "rates.csv").write_bytes(data)
    with pytest.raises(RateError, match=said):
        load_rates(str(tmp_path / "rates.csv"))
