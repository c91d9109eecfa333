"""Prices as shops write them: machine numbers, European and English text, symbols."""

from __future__ import annotations

import re
from decimal import Decimal

from price_parser import Price

CENT = Decimal("0.01")
MOST = Decimal("1e9")  # beyond it a number is a barcode or a mistake
# Four and more decimals are a database's numeric column; three could be European thousands.
_MACHINE = re.compile(r"\d+(\.(\d{1,2}|\d{4,}))?")
_ISO = re.compile(r"[A-Z]{3}")
_ISO_BY_SYMBOL = {
    "€": "EUR",
    "£": "GBP",
    "$": "USD",
    "US$": "USD",
    "A$": "AUD",
    "AU$": "AUD",
    "C$": "CAD",
    "CA$": "CAD",
    "¥": "JPY",
    "JP¥": "JPY",
    "zł": "PLN",
}


def read_price(value: object, currency: object = None) -> tuple[Decimal | None, str | None]:
    """Return amount in cents' precision and ISO 4217 code; None for what cannot be told.

    A declared currency counts before a symbol beside the number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None, None
    price = Price.fromstring(str(value))
    amount = Decimal(str(value)) if _is_machine_number(value) else price.amount
    if amount is None or not amount.is_finite() or not 0 <= amount < MOST:
        return None, None
    return amount.quantize(CENT), _iso(currency) or _iso(price.currency)


def _is_machine_number(value: float | str) -> bool:
    return not isinstance(value, str) or _MACHINE.fullmatch(value.strip()) is not None


def _iso(currency: object) -> str | None:
    if not isinstance(currency, str):
        return None
    code = currency.strip().upper()
    return code if _ISO.fullmatch(code) else _ISO_BY_SYMBOL.get(currency.strip())
