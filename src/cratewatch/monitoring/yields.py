"""Whether a run's prices are to be believed: what came, against what came in the week before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from cratewatch.catalog.staged_prices import Yield
from cratewatch.errors import CratewatchError

WEEK = timedelta(days=8)
"""A week, and the hours by which a night may be late."""
LEAST = 20
"""Of fewer prices or failures nothing is concluded."""
USUALLY_FILLED = 0.2
"""The share of prices from which on a field that says something is missed."""
NEARLY_EMPTY = 0.1
"""Of what it was."""


class YieldError(CratewatchError):
    """A run's prices are not published.

    Attributes:
        reason: In a few words.
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message, reason)
        self.reason = reason

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Bounds:
    """When a run is not believed.

    Attributes:
        min_yield_share: Of the prices of the week's median run, fewer are too few.
        max_failed_share: Of what was asked, more failures are too many.
    """

    min_yield_share: float
    max_failed_share: float


def check_yield(
    source: str,
    now: Yield,
    tried: tuple[int, int],
    before: Sequence[Yield],
    bounds: Bounds,
) -> None:
    """Raise YieldError if a run's prices are too few, too many failed, or a field went empty.

    Args:
        tried: How many items were done, and how many failed.
        before: What the good runs of the last week came to; without any only failures count.
    """
    done, failed = tried
    too_many = failed >= LEAST and failed > bounds.max_failed_share * (done + failed)
    if too_many or (failed and not done):
        raise YieldError(
            f"{source}: {failed:,} of {done + failed:,} items failed, more than max_failed_share = "
            f"{bounds.max_failed_share:g}; no price was published, see `cratewatch status "
            "--failures`",
            f"{failed / (done + failed):.0%} failed",
        )
    if not before:
        return
    usual = median(earlier.prices for earlier in before)
    if usual >= LEAST and now.prices < bounds.min_yield_share * usual:
        raise YieldError(
            f"{source}: {now.prices:,} prices came, and {usual:,.0f} in a run of the last week: "
            f"fewer than min_yield_share = {bounds.min_yield_share:g} of them; none was published, "
            "look at the source or lower the setting for one night",
            f"{now.prices:,} prices instead of {usual:,.0f}",
        )
    if now.prices >= LEAST:
        _check_fields(source, now, before)


def _check_fields(source: str, now: Yield, before: Sequence[Yield]) -> None:
    for name, share in now.filled.items():
        usual = median(earlier.filled.get(name, 0.0) for earlier in before)
        if usual >= USUALLY_FILLED and share < NEARLY_EMPTY * usual:
            raise YieldError(
                f"{source}: {name} says something in {share:.0%} of the prices, and in {usual:.0%} "
                "of those of the last week; none was published, look whether the source has "
                "changed its answers",
                f"{name} is empty",
            )


def yields_of(runs: Sequence[Mapping[str, Any]], now: datetime) -> list[Yield]:
    """Return what the good runs of the last week came to.

    Args:
        runs: As Runs.latest() returns them.
    """
    good = [run for run in runs if run["state"] == "done" and "yielded" in (run["report"] or {})]
    lately = [run for run in good if datetime.fromisoformat(run["started_at"]) > now - WEEK]
    return [Yield(**run["report"]["yielded"]) for run in lately]
