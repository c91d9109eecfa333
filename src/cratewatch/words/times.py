"""Spans of time as people write them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo

from cratewatch.errors import CratewatchError

Span = tuple[datetime | None, datetime | None]
"""The first moment, and the one after the last; aware, None where it is open."""


def read_span(since: str | None, until: str | None, zone: tzinfo) -> Span:
    """Read a span: days, of which the last belongs to it, or moments.

    Args:
        zone: Of what names none.

    Raises:
        CratewatchError: if one is neither, or they are the wrong way round.
    """
    first, _ = _read(since, "--from", zone)
    last, is_day = _read(until, "--to", zone)
    if last is not None and is_day:
        last += timedelta(days=1)
    if first and last and first >= last:
        raise CratewatchError(f"--from: {since} is not before {until}; swap them")
    return first, last


def _read(text: str | None, option: str, zone: tzinfo) -> tuple[datetime | None, bool]:
    """Return a moment, and whether a day was named."""
    if not (text or "").strip():
        return None, False
    assert text is not None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return _moment(text.strip(), option, zone), False
    return _believed(datetime.combine(day, time(), zone), text, option), True


def _moment(text: str, option: str, zone: tzinfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CratewatchError(
            f"{option}: {text!r} is neither a day such as 2026-11-30 nor a moment such as "
            "2026-11-30T14:00"
        ) from error
    return _believed(moment if moment.tzinfo else moment.replace(tzinfo=zone), text, option)


def _believed(moment: datetime, text: str, option: str) -> datetime:
    if not 1970 < moment.year < 9990:
        raise CratewatchError(f"{option}: {text!r} is of no year that a shop has seen")
    return moment
