"""Spans of days as the shop counts them, and the moments at which they begin and end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cratewatch.errors import CratewatchError


@dataclass(frozen=True)
class Span:
    """Days, the first and the last included.

    Attributes:
        zone: IANA name of the time zone in which a day begins.

    Raises:
        CratewatchError: if the last one comes before the first.
    """

    first: date
    last: date
    zone: str

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise CratewatchError(f"--from {self.first} is after --to {self.last}; swap them")

    @property
    def days(self) -> int:
        """How many there are."""
        return (self.last - self.first).days + 1

    @property
    def since(self) -> datetime:
        """The moment at which the first day begins, in UTC."""
        return self._midnight(self.first)

    @property
    def until(self) -> datetime:
        """The moment at which the last day is over, in UTC."""
        return self._midnight(self.last + timedelta(days=1))

    @property
    def before(self) -> Span:
        """As many days, directly before."""
        return Span(
            self.first - timedelta(days=self.days), self.first - timedelta(days=1), self.zone
        )

    def local(self, moment: datetime) -> datetime:
        """Return a moment by the shop's clock."""
        return moment.astimezone(ZoneInfo(self.zone))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(self.zone)).astimezone(UTC)


def read_day(text: str, option: str) -> date:
    """Read a day as a user writes it.

    Raises:
        CratewatchError: if it is none.
    """
    try:
        day = date.fromisoformat(text.strip())
    except ValueError as error:
        raise CratewatchError(f"{option}: {text!r} is no day such as 2026-11-30") from error
    if not 1970 < day.year < 9990:
        raise CratewatchError(f"{option}: {text!r} is of no year that a shop has seen")
    return day
