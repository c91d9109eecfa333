"""Sales: pieces of albums that left the shop, and which of them somebody was seen with before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from cratewatch.catalog.observations import Observation
from cratewatch.intent.handlers import Handler
from cratewatch.intent.spans import Span

ZoneOf = Callable[[str], str]
"""Takes the name of a till and gives the time zone that its files are written in."""


@dataclass(frozen=True)
class Piece:
    """One record that was sold.

    Attributes:
        album: The artwork that stands for it.
        at: When; of a till that tells days alone its midnight.
        day: The shop's.
        timed: Whether the till told the time of the day.
    """

    album: str
    at: datetime
    day: date
    timed: bool


@dataclass(frozen=True)
class Sales:
    """What was sold in a span.

    Attributes:
        pieces: By time; what was brought back within the span is not among them.
        returned: Pieces that were brought back, by album.
        unlinked: Pieces, less those brought back, of which no album is known.
    """

    pieces: Sequence[Piece] = ()
    returned: Mapping[str, int] = field(default_factory=dict)
    unlinked: int = 0


def sales_of(
    sold: Iterable[Observation], albums: Mapping[str, str], span: Span, zone_of: ZoneOf
) -> Sales:
    """Return the pieces that were sold in a span.

    Args:
        sold: Sales, returns with a quantity below zero.
        albums: Of releases.
        zone_of: Of tills.
    """
    pieces: defaultdict[str, list[Piece]] = defaultdict(list)
    returned: defaultdict[str, int] = defaultdict(int)
    unlinked = 0
    for sale in sorted(sold, key=lambda o: (o.observed_at, o.observation_id)):
        when = _when(sale, span, zone_of(sale.source))
        if not span.first <= when[1] <= span.last:
            continue
        album = albums.get(sale.release_id or "")
        if album is None:
            unlinked += sale.quantity
        elif sale.quantity > 0:
            pieces[album] += [Piece(album, *when)] * sale.quantity
        else:
            returned[album] -= sale.quantity
            del pieces[album][sale.quantity :]  # the latest ones, as far as there are any
    by_time = sorted((p for of in pieces.values() for p in of), key=lambda p: (p.at, p.album))
    return Sales(by_time, dict(returned), unlinked)


def _when(sale: Observation, span: Span, zone: str) -> tuple[datetime, date, bool]:
    """Return moment, day, and whether the till told a time: midnight is what it writes for none."""
    of_till = sale.observed_at.astimezone(ZoneInfo(zone))
    timed = of_till.time() != time()
    day = span.local(sale.observed_at).date() if timed else of_till.date()
    return sale.observed_at.astimezone(UTC), day, timed


@dataclass(frozen=True)
class Pairing:
    """Which handlers bought.

    Attributes:
        buyers: Places of the handlers that bought.
        seen: Pieces that a handler took before, by album, each counted by the handler's chance.
        unseen: The rest of the pieces, by album.
        unwatched: Pieces that were sold on days without footage: nobody knows.
    """

    buyers: frozenset[int]
    seen: Mapping[str, float]
    unseen: Mapping[str, float]
    unwatched: int


def pair(
    pieces: Iterable[Piece], handlers: Sequence[Handler], watched: set[date], span: Span
) -> Pairing:
    """Give each piece to the handler who was seen with it that day before it was sold.

    Of several the surest one is taken, and of these the latest; each buys one piece.
    """
    on_day: defaultdict[tuple[str, date], list[int]] = defaultdict(list)
    for place, handler in enumerate(handlers):
        on_day[handler.album, span.local(handler.started_at).date()].append(place)
    buyers: set[int] = set()
    seen: defaultdict[str, float] = defaultdict(float)
    unseen: defaultdict[str, float] = defaultdict(float)
    unwatched = 0
    for piece in pieces:
        if piece.day not in watched:
            unwatched += 1
            continue
        able = [
            place
            for place in on_day[piece.album, piece.day]
            if place not in buyers and (not piece.timed or handlers[place].started_at <= piece.at)
        ]
        best = max(able, key=lambda p: (handlers[p].chance, p), default=None)
        chance = 0.0 if best is None else handlers[best].chance
        buyers |= set() if best is None else {best}
        seen[piece.album] += chance
        unseen[piece.album] += 1 - chance
    return Pairing(frozenset(buyers), seen, unseen, unwatched)
