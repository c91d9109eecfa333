from decimal import Decimal

import pytest

from cratewatch.sources.amounts import read_amount


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("EUR 12,-", "12", "EUR"),
        ("12,\N{EN DASH} €", "12", "EUR"),
        ("SFr. 25.-", "25", "CHF"),
        ("-12,50 €", "-12.50", "EUR"),
        ("12,50- €", "-12.50", "EUR"),
        ("(12.50) USD", "12.50", "USD"),
        ("($12.50)", "-12.50", "USD"),
        ("4 500 Ft", "4500", "HUF"),
        ("1\N{NO-BREAK SPACE}299,00 Kč", "1299", "CZK"),
        ("C $24.99", "24.99", "CAD"),
        ("AU $24.99", "24.99", "AUD"),
        ("US $24.99", "24.99", "USD"),
        ("R$ 12,50", "12.50", "BRL"),
    ],
)
def test_an_amount_in_the_ways_of_each_country(text: str, amount: str, currency: str) -> None:
    assert read_amount(text) == (Decimal(amount), currency)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("\u0661\u0662\u066b\u0665", "12.5"),
        ("\uff11\uff0c200", "1200"),
        ("1E+03", "1000"),
    ],
)
def test_digits_of_other_scripts_and_powers_are_read_whole(text: str, amount: str) -> None:
    assert read_amount(text, "EUR") == (Decimal(amount), "EUR")


@pytest.mark.parametrize("text", ["12.50 - 15.00", "$12.50 to $20.00", "ab 12 bis 20 EUR", "12 50"])
def test_two_amounts_are_none(text: str) -> None:
    assert read_amount(text, "EUR") == (None, None)
