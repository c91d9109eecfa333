"""Amounts of money as tills and listings write them: with signs, in the way of each country."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from cratewatch.sources.prices import in_latin, read_price

DecimalSign = Literal[",", ".", ""]
"""What stands before decimals; "" where nothing is known."""
_LANGUAGE = {",": "de", ".": "en", "": ""}
_GAP = re.compile("(?<=\\d)[\\s\u00a0\u202f\u2009'\u2019](?=\\d{3}(?!\\d))")
_SEVERAL = re.compile(r"\d\s+\d|\d\s*(?:to|bis|à)\b\D*\d", re.IGNORECASE)
_POWER = re.compile(r"\d[\d.,]*[eE][+-]?\d{1,2}")
_NO_CENTS = re.compile("(?<=\\d)[.,]\\s?[-\N{MINUS SIGN}\u2013\u2014]{1,2}(?!\\d)")
_MINUS = re.compile(
    "^[^\\d]*[-\N{MINUS SIGN}\u2013]|(?<=\\d)\\s*[-\N{MINUS SIGN}]\\D*$|^\\s*\\(.*\\)\\s*$"
)
_TOLD = re.compile(r"([.,])(?:\d{1,2}|\d{4,})\D*$")
_BOTH = re.compile(r"[.,]\d{3}([.,])\d")


def read_amount(
    text: str, currency: str | None = None, decimal: DecimalSign = ""
) -> tuple[Decimal | None, str | None]:
    """Return an amount, below zero too, and its ISO 4217 code; None for what cannot be told.

    A minus may stand before or behind, or be a pair of brackets; that of ``12,-`` says that there
    are no cents. What says from how much to how much is no amount.

    Args:
        currency: Counts before a sign beside the number.
    """
    bare = _NO_CENTS.sub("", _GAP.sub("", in_latin(text).strip()))
    if _SEVERAL.search(bare):
        return None, None
    if _POWER.fullmatch(bare):  # as spreadsheets write 1000
        bare = f"{Decimal(bare.replace(',', '.')):f}"
    is_negative = _MINUS.search(bare) is not None
    unsigned = re.sub("[-\N{MINUS SIGN}\u2013()]", " ", bare)
    amount, code = read_price(unsigned, currency, language=_LANGUAGE[decimal], written=True)
    return (-amount if amount is not None and is_negative else amount), code


def decimal_sign(texts: Iterable[str]) -> DecimalSign:
    """Return what stands before decimals in a file's amounts, by those that leave no doubt.

    Where some say a comma and others a point, the commoner one counts.
    """
    seen = {",": 0, ".": 0}
    for text in texts:
        bare = _GAP.sub("", text)
        if found := _BOTH.search(bare) or _TOLD.search(bare):
            seen[found[1]] += 1
    if seen[","] == seen["."]:
        return ""
    return "," if seen[","] > seen["."] else "."
