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
        ("1.299", "EUR", "1.30", "EUR"),
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


@pytest.mark.parametrize(
    ("value", "currency", "amount"),
    [
        ("29.975", "USD", "29.98"),
        ("16.807", "EUR", "16.81"),
        ("7.250", "KWD", "7.250"),
        (7.25, "KWD", "7.250"),
        ("7,250 KWD", None, "7.250"),
        ("12.3456", "TND", "12.346"),
        ("2.800", "JPY", "2800.00"),
        ("¥2.800", None, "2800.00"),
        ("15.000.000", "VND", "15000000.00"),
        ("2.4e1", "EUR", "24.00"),
        (".99", "EUR", "0.99"),
        ("CHF 12.-", None, "12.00"),
        ("1'299.00", "CHF", "1299.00"),
    ],
)
def test_decimals_by_currency(value, currency, amount):
    found, _ = read_price(value, currency)
    assert str(found) == amount


@pytest.mark.parametrize(
    ("value", "language", "amount"),
    [
        ("1.299", "de", "1299.00"),
        ("1.299", "de-CH", "1.30"),
        ("1.299", "en", "1.30"),
        ("1,299", "en_US", "1299.00"),
        ("1,299 €", "it", "1.30"),
        ("1.299,50", "en", "1299.50"),
        ("12,99", "en", "12.99"),
        ("12.99", "de", "12.99"),
        ("1.299", "tlh", "1299.00"),
    ],
)
def test_what_people_wrote_by_their_language(value, language, amount):
    found, _ = read_price(value, "EUR", language=language, written=True)
    assert str(found) == amount
