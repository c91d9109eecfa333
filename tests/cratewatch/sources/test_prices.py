from decimal import Decimal

import pytest

from cratewatch.sources.prices import read_price


@pytest.mark.parametrize(
    ("value", "currency", "amount", "code"),
    [
        ("24,99", "EUR", "24.99", "EUR"),
        ("1.299,00 €", None, "1299.00", "EUR"),
        ("£1,299.50", None, "1299.50", "GBP"),
        ("$12", None, "12.00", "USD"),
        ("US$ 12.50", None, "12.50", "USD"),
        ("12.50 CHF", None, "12.50", "CHF"),
        ("¥2,800", None, "2800.00", "JPY"),
        ("$12", "cad", "12.00", "CAD"),
        ("1 299,00", "SEK", "1299.00", "SEK"),
        ("24.9900", "EUR", "24.99", "EUR"),
        ("1.299", "EUR", "1299.00", "EUR"),
        (24.99, "EUR", "24.99", "EUR"),
        (12, "EUR", "12.00", "EUR"),
        (1299.5, None, "1299.50", None),
        ("0.00", "EUR", "0.00", "EUR"),
        ("12.00", "€", "12.00", "EUR"),
        ("12.00", "euros", "12.00", None),
    ],
)
def test_a_price_as_a_shop_writes_it(value, currency, amount, code):
    assert read_price(value, currency) == (Decimal(amount), code)


@pytest.mark.parametrize(
    "value",
    ["", "on request", None, True, [], {}, -3, float("nan"), float("inf"), 1e30, "9" * 40],
)
def test_no_price(value):
    assert read_price(value, "EUR") == (None, None)
