"""Dates and times as files of sales write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal

DateOrder = Literal["dmy", "mdy", ""]
"""Of day and month in 3/4/2024; "" where nothing is known."""
_NUMBERS = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})(?:[T,\s]+(.*))?")
_NAMED = re.compile(
    r"(?:(?P<d1>\d{1,2})\.?[\s-]+)?(?P<month>[^\W\d_]{3,})\.?[\s-]+"
    r"(?:(?P<d2>\d{1,2}),?[\s-]+)?(?P<year>\d{4})(?:[,\s]+(?P<time>.*))?"
)
_TIME = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([AaPp])?\.?[Mm]?\.?\s*"
    r"(?:(Z|UTC|GMT)|([+-]\d{2}):?(\d{2}))?"
)
_MONTHS = (
    "jan ene gen", "feb fév", "mar mär mrz", "apr abr avr", "may mai mag", "jun juin giu",
    "jul juil lug", "aug ago aoû", "sep set", "oct okt ott", "nov", "dec dez dic déc",
)  # fmt: skip
"""How the names of months begin, in English, German, French, Spanish and Italian."""
FIRST_YEAR, LAST_YEAR = 1900, 2999
"""Of any sale of a record; exports have the years 1 and 9999 for what they do not know."""
_CLOCKS_DIFFER = timedelta(days=2)


def is_ahead(moment: datetime) -> bool:
    """Whether a moment is too far in the future for clocks and time zones that differ."""
    return moment > datetime.now(UTC) + _CLOCKS_DIFFER


def read_moment(text: str, zone: tzinfo, order: DateOrder = "") -> datetime | None:
    """Return the moment, aware; None for what is none, or could be two.

    Args:
        zone: Of a time that names none.
    """
    bare = text.strip()
    named = _NAMED.fullmatch(bare)
    numbers = None if named else _NUMBERS.fullmatch(bare)
    try:
        if named:
            day = int(named["d1"] or named["d2"] or 0)
            date = (int(named["year"]), _month(named["month"].lower()), day)
            return _at(date, named["time"], zone)
        if numbers:
            date = _date(numbers[1], int(numbers[3]), int(numbers[4]), numbers[2], order)
            return _at(date, numbers[5], zone)
    except ValueError:
        return None
    return None


def date_order(texts: Iterable[str]) -> DateOrder:
    """Return whether a file's dates begin with day or month, by those that leave no doubt."""
    orders: set[DateOrder] = set()
    for text in texts:
        numbers = _NUMBERS.fullmatch(text.strip())
        if numbers and len(numbers[1]) < 3:
            if int(numbers[1]) > 12:
                orders.add("dmy")
            elif int(numbers[3]) > 12:
                orders.add("mdy")
    return orders.pop() if len(orders) == 1 else ""


def _month(name: str) -> int:
    """Return the month that a name begins like; raise ValueError if it is none."""
    for number, begins in enumerate(_MONTHS, 1):
        if name.startswith(tuple(begins.split())):
            return number
    raise ValueError(f"no month: {name}")


def _date(said: str, second: int, third: int, sign: str, order: DateOrder) -> tuple[int, int, int]:
    """Return year, month, day; raise ValueError if which is which cannot be told."""
    first = int(said)
    if first > 31 or len(said) > 2:
        return first, second, third
    year = third + 2000 if third < 100 else third
    order = order or ("dmy" if sign == "." or first > 12 else "mdy" if second > 12 else "")
    if not order and first != second:
        raise ValueError("day or month first")
    return (year, second, first) if order == "dmy" else (year, first, second)


def _at(date: tuple[int, int, int], time: str | None, zone: tzinfo) -> datetime:
    """Return a date at a time of day, midnight if there is none; raise ValueError if it is none."""
    if not FIRST_YEAR <= date[0] <= LAST_YEAR:
        raise ValueError(f"no year of a sale: {date[0]}")
    if not (time or "").strip():
        return datetime(*date, tzinfo=zone)
    found = _TIME.fullmatch((time or "").strip())
    if found is None:
        raise ValueError(f"no time: {time}")
    hour, minute, second = (int(part or 0) for part in found.groups()[:3])
    if half := (found[4] or "").lower():
        hour = hour % 12 + (12 if half == "p" else 0)
    offset = "+00:00" if found[5] else f"{found[6]}:{found[7]}" if found[6] else ""
    moment = datetime(*date, hour, minute, second)
    return (
        datetime.fromisoformat(f"{moment.isoformat()}{offset}")
        if offset
        else moment.replace(tzinfo=zone)
    )
