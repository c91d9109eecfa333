"""Exchange rates by day, as the European Central Bank publishes them: one euro in each currency."""

from __future__ import annotations

import csv
import io
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

from cratewatch.catalog.currencies import CURRENCIES
from cratewatch.errors import CratewatchError

BASE = "EUR"
MOST_DAYS = 31
"""How much older than a price its rate may be: weekends, holidays, a file of last month."""
WHERE = "set rates_path to the European Central Bank's eurofxref-hist.csv"


class RateError(CratewatchError):
    """A price cannot be converted: the message says which currency and day lacks a rate."""


class Rates:
    """Converts prices by the rate of their day, or of the nearest one before it."""

    def __init__(self, per_euro: Mapping[str, Mapping[date, Decimal]], where: str = "") -> None:
        """Take for each currency what one euro was on each day; none at all where it lacks."""
        self._per_euro = per_euro
        self._days = {currency: sorted(rates) for currency, rates in per_euro.items()}
        self._where = where

    def convert(self, amount: Decimal, currency: str, into: str, on: datetime) -> Decimal:
        """Return an amount in another currency, to the cent.

        Raises:
            RateError: if a currency has no rate of that day or of the MOST_DAYS before it.
        """
        if currency == into:
            return amount
        euros = amount / self._rate(currency, on.date())
        return (euros * self._rate(into, on.date())).quantize(Decimal("0.01"), ROUND_HALF_UP)

    def _rate(self, currency: str, day: date) -> Decimal:
        if currency == BASE:
            return Decimal(1)
        days = self._days.get(currency, [])
        place = bisect_right(days, day)
        if place == 0 or (day - days[place - 1]).days > MOST_DAYS:
            raise RateError(self._lacking(currency, day, days[:place]))
        return self._per_euro[currency][days[place - 1]]

    def _lacking(self, currency: str, day: date, before: list[date]) -> str:
        if not self._where:
            return f"rates: {currency} cannot be converted without any; {WHERE}"
        latest = f"the latest before it is of {before[-1]}" if before else "none is older"
        return f"{self._where}: no rate of {currency} for {day}: {latest}; fetch that file anew"


NO_RATES = Rates({})


def load_rates(path: str) -> Rates:
    """Read the bank's CSV, of all days or of one; "" gives none.

    Raises:
        RateError: if the file cannot be read, or is another one.
    """
    if not path:
        return NO_RATES
    try:
        lines = Path(path).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "no UTF-8"
        raise RateError(f"{path}: {said}; {WHERE}") from error
    return _read(csv.reader(io.StringIO(lines), skipinitialspace=True), path)


def _read(rows: Iterable[list[str]], path: str) -> Rates:
    rest = iter(rows)
    header = [cell.strip() for cell in next(rest, [])]
    if header[:1] != ["Date"] or not CURRENCIES & set(header):
        raise RateError(f"{path}: no table of rates, its first line is not Date,USD,…; {WHERE}")
    found: dict[str, dict[date, Decimal]] = {name: {} for name in header[1:] if name in CURRENCIES}
    for number, row in enumerate(rest, 2):
        if not row:
            continue
        day = _day(row[0], f"{path}, line {number}")
        for currency, cell in zip(header[1:], row[1:], strict=False):
            if currency in found and (rate := _rate(cell)) is not None:
                found[currency][day] = rate
    return Rates(found, path)


def _day(text: str, where: str) -> date:
    for form in ("%Y-%m-%d", "%d %B %Y"):  # the bank's table of today has the other one
        try:
            return datetime.strptime(text.strip(), form).date()
        except ValueError:
            continue
    raise RateError(f"{where}: {text!r} is no date; {WHERE}")


def _rate(cell: str) -> Decimal | None:
    """Return a rate; None where the bank has none, as N/A."""
    try:
        rate = Decimal(cell.strip())
    except InvalidOperation:
        return None
    return rate if rate.is_finite() and rate > 0 else None
