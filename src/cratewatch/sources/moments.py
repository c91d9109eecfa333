"""Dates and times as files of sales write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Literal

DateOrder = Literal["dmy", "mdy", ""]
"""Of day and month in 3/4/2024; "" where nothing is known."""
_NUMBERS = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})(?:[T,\s]+(.*))?")
_NAMED = re.compile(
    r"(?:(?P<d1>\d{1,2})\.?[\s-]+)?(?P<month>[A-Za-z]{3})[a-z]*\.?[\s-]+"
    r"(?:(?P<d2>\d{1,2}),?[\s-]+)?(?P<year>\d{4})(?:[,\s]+(?P<time>.*))?"
)
_TIME = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([AaPp])?\.?[Mm]?\.?\s*"
    r"(?:(Z|UTC|GMT)|([+-]\d{2}):?(\d{2}))?"
)
_MONTHS = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9,
    "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip


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
            date = (int(named["year"]), _MONTHS[named["month"].lower()], day)
            return _at(date, named["time"], zone)
        if numbers:
            date = _date(int(numbers[1]), int(numbers[3]), int(numbers[4]), numbers[2], order)
            return _at(date, numbers[5], zone)
    except (ValueError, KeyError):
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


def _date(first: int, second: int, third: int, sign: str, order: DateOrder) -> tuple[int, int, int]:
    """Return year, month, day; raise ValueError if which is which cannot be told."""
    if first > 31:
        return first, second, third
    year = third + 2000 if third < 100 else third
    order = order or ("dmy" if sign == "." or first > 12 else "mdy" if second > 12 else "")
    if not order and first != second:
        raise ValueError("day or month first")
    return (year, second, first) if order == "dmy" else (year, first, second)


def _at(date: tuple[int, int, int], time: str | None, zone: tzinfo) -> datetime:
    """Return a date at a time of day, midnight if there is none."""
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
