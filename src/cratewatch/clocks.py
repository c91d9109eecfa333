"""Clocks that were wrong: what is dated later than now is not believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

AHEAD = timedelta(minutes=5)
"""How far the clocks of two machines may differ; what is later was dated by a wrong one."""


def is_future(moment: datetime) -> bool:
    """Whether a clock that was wrong gave a date."""
    return moment > datetime.now(UTC) + AHEAD
