"""Reads the handlings and sales of one span, and sums them up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.handlings import SeenHandling
from cratewatch.catalog.observations import Observation
from cratewatch.intent.albums import Albums
from cratewatch.intent.handlers import Handler, handlers_of
from cratewatch.intent.report import PeriodIntent
from cratewatch.intent.sales import Pairing, Sales, ZoneOf, pair, sales_of
from cratewatch.intent.shares import Share, share
from cratewatch.intent.spans import Span


@dataclass(frozen=True)
class Till:
    """Where sales come from.

    Attributes:
        sold: Sales and returns of any time; None if no till is known.
        zone_of: The time zone that each till's files are written in.
        notes: What the sales lack, a line each.
    """

    sold: Sequence[Observation] | None
    zone_of: ZoneOf
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Period:
    """What is known of a span, before it is told.

    Attributes:
        handlers: Of named albums, by time.
        watched: Days on which footage shows any handling.
        sales: None if no till is known.
        paired: Which handlers bought.
    """

    span: Span
    handlings: Sequence[SeenHandling]
    handlers: Sequence[Handler]
    watched: set[date]
    sales: Sales | None
    paired: Pairing

    @property
    def people(self) -> float:
        """How many handlers there are, by probability."""
        return sum(handler.chance for handler in self.handlers)

    @property
    def conversion(self) -> Share | None:
        """The share of handlers that bought."""
        return share(sum(self.paired.seen.values()), self.people) if self.sales else None

    def bought_by(self, place: int) -> float:
        """Return by how much a handler bought: by his chance, or not at all."""
        return self.handlers[place].chance if place in self.paired.buyers else 0.0


def read_period(catalog: Catalog, albums: Albums, span: Span, till: Till) -> Period:
    """Read what is known of a span."""
    handlings = catalog.handlings.between(span.since, span.until)
    handlers = handlers_of(handlings, albums)
    watched = {span.local(handling.started_at).date() for handling in handlings}
    sales = None
    if till.sold is not None:
        of_releases = albums.of_releases(o.release_id for o in till.sold if o.release_id)
        sales = sales_of(till.sold, of_releases, span, till.zone_of)
    pieces = sales.pieces if sales else ()
    return Period(span, handlings, handlers, watched, sales, pair(pieces, handlers, watched, span))


def told(period: Period) -> PeriodIntent:
    """Return what a period came to as a whole."""
    handled = sum(h.handled for h in period.handlers)
    sales = period.sales
    return PeriodIntent(
        first=period.span.first,
        last=period.span.last,
        watched_days=len(period.watched),
        handlings=len(period.handlings),
        handled=handled,
        uncertain=sum(h.unsure for h in period.handlers) / handled if handled else 0.0,
        seconds=sum(h.seconds for h in period.handlers),
        handlers=period.people,
        bought=len(sales.pieces) if sales else None,
        returned=sum(sales.returned.values()) if sales else 0,
        unlinked=sales.unlinked if sales else 0,
        unwatched=period.paired.unwatched,
        bought_unseen=sum(period.paired.unseen.values()),
        conversion=period.conversion,
    )
