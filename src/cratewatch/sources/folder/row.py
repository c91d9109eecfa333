"""One row of an import's CSV: what each column takes, as people and spreadsheets write it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

MAX_YEAR = 9999
MAX_PRICE = 10**9
PRICE_CHARACTERS = 32  # what the catalog holds
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d{1,2}", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+\.\d+", re.ASCII)
_ROUNDED = re.compile(r"(?P<digits>\d\.?\d*)[eE]\+?(?P<exponent>\d{1,3})|(?P<whole>\d+)\.0+")


def _text(value: str) -> str | None:
    return value.strip() or None


def _number(value: str) -> Decimal:
    text = value.strip()
    if _DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    elif _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{value!r} is not a number")
    return Decimal(text)


def _year(value: str) -> int | None:
    """Read a year; 0 is how Discogs writes an unknown one, 1973.0 how spreadsheets write it."""
    if not value.strip():
        return None
    year = _number(value)
    if year != year.to_integral_value() or not 0 <= year <= MAX_YEAR:
        raise ValueError(f"{value!r} is not a year such as 1973")
    return int(year) or None


def _price(value: str) -> Decimal | None:
    if not value.strip():
        return None
    number = _number(value)
    price = f"{number:f}" if number.adjusted() < PRICE_CHARACTERS else ""
    if not 0 <= number < MAX_PRICE or not 0 < len(price) <= PRICE_CHARACTERS:
        raise ValueError(f"{value!r} is not a price such as 24.90")
    return abs(Decimal(price))


def _currency(value: str) -> str | None:
    code = _text(value)
    if code and not re.fullmatch("[A-Z]{3}", code):
        raise ValueError(f"{value!r} is no ISO 4217 code such as EUR")
    return code


def _barcode(value: str) -> str | None:
    """Read a barcode that a spreadsheet may have taken for a number, if no digit got lost."""
    text = _text(value)
    rounded = _ROUNDED.fullmatch(text or "")
    if not text or not rounded:
        return text
    if whole := rounded["whole"]:
        return whole
    digits = rounded["digits"].replace(".", "")
    if len(digits) <= int(rounded["exponent"]):
        raise ValueError(f"{value!r} has lost digits; format the column as text")
    return f"{Decimal(text):.0f}"


def _genres(value: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(str.strip, value.split(";")))))


Text = Annotated[str | None, BeforeValidator(_text)]


class Row(BaseModel):
    """A row, column by column; a column that the file lacks is as one that is empty."""

    model_config = ConfigDict(frozen=True)

    file: str
    artist: Text = None
    title: Text = None
    label: Text = None
    catno: Text = None
    barcode: Annotated[str | None, BeforeValidator(_barcode)] = None
    country: Text = None
    format: Text = None
    currency: Annotated[str | None, BeforeValidator(_currency)] = None
    year: Annotated[int | None, BeforeValidator(_year)] = None
    genre: Annotated[tuple[str, ...], BeforeValidator(_genres)] = ()
    price: Annotated[Decimal | None, BeforeValidator(_price)] = None


COLUMNS = tuple(Row.model_fields)
