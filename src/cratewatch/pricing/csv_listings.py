"""Reads a CSV of listings with their prices; its lines that are none are named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path

from cratewatch.catalog.currencies import CURRENCIES
from cratewatch.errors import BadValuesError, CratewatchError, NotFoundError
from cratewatch.pricing.listing import Listing, PricedListing, kind_of_format
from cratewatch.sources.amounts import DecimalSign, decimal_sign, read_amount
from cratewatch.sources.grades import read_grade
from cratewatch.sources.tables import read_rows

NEEDED = ("artist", "title", "price", "media_condition", "release_page")
TEXTS = {
    "artist": "artist", "title": "title", "label_name": "label", "label_code": "catno",
    "release_format": "format", "genre": "genre", "country": "country",
}  # fmt: skip
NUMBERS = {
    "year": "year", "number_of_tracks": "tracks", "rating": "rating", "votes": "votes",
    "have": "have", "want": "want", "limited_edition": "limited",
}  # fmt: skip
COLUMNS = (*TEXTS, *NUMBERS, "price", "media_condition", "sleeve_condition", "release_page")
CURRENCY = "currency"
"""A column that may be there too; one file has one currency."""
MOST_LINES = 20
_NUMBER = re.compile(r"/release/(\d+)")


def read_listings(file: Path, currency: str = "") -> tuple[list[PricedListing], str]:
    """Return the listings of a file and their currency.

    Args:
        currency: Of prices beside which none is said.

    Raises:
        NotFoundError: if there is no such file, or nothing in it.
        CratewatchError: if it is no CSV, or lacks a column.
        BadValuesError: if lines are no listings with a price; names them.
    """
    rows = read_rows(file)
    header = [name.strip().casefold() for name in next(rows, (0, []))[1]]
    if lacking := [name for name in NEEDED if name not in header]:
        raise CratewatchError(
            f"{file}: the column {lacking[0]} is needed; its first line names the columns, of "
            f"which there may be {', '.join((*COLUMNS, CURRENCY))}"
        )
    lines = [(n, dict(zip(header, row, strict=False))) for n, row in rows]
    if not lines:
        raise NotFoundError(f"{file}: no line below its first; give a listing with a price on each")
    return _read(lines, str(file), currency)


def _read(
    lines: Sequence[tuple[int, Mapping[str, str]]], where: str, currency: str
) -> tuple[list[PricedListing], str]:
    decimal = decimal_sign(row.get("price", "") for _, row in islice(lines, 1000))
    found: list[PricedListing] = []
    wrong: list[str] = []
    codes: dict[str, int] = {}
    for number, row in lines:
        mistakes = list(_mistakes(row, decimal, currency))
        wrong += [f"{where}, line {number}: {mistake}" for mistake in mistakes]
        if not mistakes:
            amount, code = _price(row, decimal, currency)
            codes.setdefault(code or "", number)
            found.append(PricedListing(_listing(row), float(amount or 0)))
    if wrong:
        raise BadValuesError(wrong[:MOST_LINES], len(wrong) - MOST_LINES)
    if len(codes) > 1:
        (first, one), (second, other) = list(codes.items())[:2]
        raise CratewatchError(
            f"{where}: prices in {first or 'no currency'} (line {one}) and {second or 'none'} "
            f"(line {other}); give a file of one currency"
        )
    return found, next(iter(codes))


def _price(
    row: Mapping[str, str], decimal: DecimalSign, currency: str
) -> tuple[Decimal | None, str | None]:
    amount, code = read_amount(row.get("price", ""), row.get(CURRENCY) or None, decimal)
    return amount, code or currency


def _mistakes(row: Mapping[str, str], decimal: DecimalSign, currency: str) -> Iterator[str]:
    """Yield what is wrong with a line."""
    amount, code = _price(row, decimal, currency)
    if amount is None:
        yield f"price {row.get('price', '')!r} is no amount"
    elif amount <= 0:
        yield f"price {row.get('price', '')!r} is not above zero"
    if code and code not in CURRENCIES:
        yield f"currency {code} is none of ISO 4217"
    for name in ("media_condition", "sleeve_condition"):
        said = row.get(name, "").strip()
        if said and read_grade(said) is None:
            yield f"{name} {said!r} is none that is known: M, NM, VG+, VG, G+, G, F, P"
    if not row.get("release_page", "").strip():
        yield "release_page is empty: nothing tells which listings are of one release"


def _listing(row: Mapping[str, str]) -> Listing:
    page = row["release_page"].strip()
    number = _NUMBER.search(page)
    texts = {field: row.get(column, "").strip() for column, field in TEXTS.items()}
    texts |= {"format": kind_of_format(texts["format"]), "genre": texts["genre"].casefold()}
    return Listing(
        release=number[1] if number else page,
        number=float(number[1]) if number else None,
        **texts,  # type: ignore[arg-type]
        **{field: _number(row.get(column, "")) for column, field in NUMBERS.items()},  # type: ignore[arg-type]
        media_condition=read_grade(row["media_condition"]),
        sleeve_condition=read_grade(row.get("sleeve_condition")),
    )


def _number(text: str) -> float | None:
    """Return a number; None for what tells none, as Unknown does."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e12 else None
