"""What is asked for otherwise than it was: by how much, the largest difference first."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cratewatch.catalog.observations import Observation, Observations

_Standing = tuple[str, str | None, str | None, str]


@dataclass(frozen=True)
class Movement:
    """A price that became another.

    Attributes:
        title: As the source says it.
        before: Amount and currency, as the source gave them; after likewise.
        share: By which it rose, below zero if it fell: 0.25 is a quarter.
    """

    release_id: str
    title: str
    before: str
    after: str
    share: float
    url: str | None


def movements(book: Observations, source: str, since: datetime) -> list[Movement]:
    """Return the asking prices of a source's releases that changed since a moment."""
    new = [o for o in book.all(kinds=("asking",), since=since) if o.source == source]
    releases = sorted({o.release_id for o in new if o.release_id})
    known = [o for o in book.of_releases(releases, kinds=("asking",)) if o.source == source]
    before = _latest(o for o in known if o.observed_at < since)
    after = _latest(o for o in known if o.observed_at >= since)
    moved = [_movement(before[key], one) for key, one in after.items() if key in before]
    return sorted((m for m in moved if m.share), key=lambda m: -abs(math.log1p(m.share)))


def _latest(seen: Iterable[Observation]) -> dict[_Standing, Observation]:
    """Return the last price of each listing in each currency, of prices by date."""
    return {(o.native_id, o.media_condition, o.sleeve_condition, o.currency): o for o in seen}


def _movement(before: Observation, after: Observation) -> Movement:
    return Movement(
        release_id=after.release_id or "",
        title=after.title,
        before=f"{before.price} {before.currency}",
        after=f"{after.price} {after.currency}",
        share=round(float(after.price / before.price) - 1, 4),
        url=after.url,
    )
