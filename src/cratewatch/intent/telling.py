"""Joins what was handled with what was sold, and tells it by album, price, hour and camera."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from cratewatch.catalog.catalog import Catalog
from cratewatch.errors import NotFoundError
from cratewatch.intent.album_rows import Prices, album_rows
from cratewatch.intent.albums import Albums
from cratewatch.intent.handlers import Handler, chance_of
from cratewatch.intent.market import band_of, bands
from cratewatch.intent.periods import Period, Till, read_period, told
from cratewatch.intent.report import AlbumIntent, GroupIntent, IntentReport, PeriodIntent
from cratewatch.intent.shares import Share, believed, rate_p_value, share, shares_differ
from cratewatch.intent.spans import Span


def tell_intent(catalog: Catalog, span: Span, till: Till, prices: Prices) -> IntentReport:
    """Tell what was handled in a span against what was sold, beside the span before.

    Raises:
        NotFoundError: if no footage shows the span.
    """
    albums = Albums(catalog)
    period = read_period(catalog, albums, span, till)
    if not period.handlings:
        raise NotFoundError(_nothing_handled(catalog, span))
    before = read_period(catalog, albums, span.before, till)
    rows, unconverted = album_rows(catalog, albums, period, before, prices)
    now, then = told(period), told(before) if before.handlings else None
    return IntentReport(
        timezone=span.zone,
        currency=prices.currency,
        tills=tuple(sorted({sale.source for sale in till.sold or ()})),
        period=now,
        before=then,
        handlers_changed=then is not None and _differ(now, then),
        conversion_changed=_conversions_differ(now.conversion, then.conversion if then else None),
        albums=tuple(rows),
        by_price=_by_price(period, rows),
        by_hour=_grouped(period, lambda h: f"{span.local(h.started_at).hour:02d}"),
        by_camera=_grouped(period, lambda h: h.camera),
        notes=(*_notes(period, before), *till.notes, *unconverted),
    )


def _nothing_handled(catalog: Catalog, span: Span) -> str:
    seen = catalog.handlings.span()
    if seen is None:
        known = "none is known at all"
    else:
        first, last = (span.local(moment).date() for moment in seen)
        known = f"those that are known are of {first} to {last}"
    return (
        f"no handlings from {span.first} to {span.last} ({span.zone}): {known}; "
        "run `cratewatch footage` or `cratewatch analyse-footage` on what was filmed then"
    )


def _differ(now: PeriodIntent, then: PeriodIntent) -> bool:
    p_value = rate_p_value(then.handlers, now.handlers, then.watched_days, now.watched_days)
    return believed([p_value])[0]


def _conversions_differ(now: Share | None, then: Share | None) -> bool:
    return now is not None and then is not None and shares_differ(now, then)


def _grouped(period: Period, name_of: Callable[[Handler], str]) -> tuple[GroupIntent, ...]:
    """Sum up handlers by what they have in common, in the order of its name."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, handler in enumerate(period.handlers):
        places[name_of(handler)].append(place)
    return tuple(_group(period, name, places[name]) for name in sorted(places))


def _group(period: Period, name: str, places: Sequence[int]) -> GroupIntent:
    handlers = [period.handlers[place] for place in places]
    people, bought = sum(h.chance for h in handlers), sum(map(period.bought_by, places))
    return GroupIntent(
        name=name,
        handled=sum(h.handled for h in handlers),
        seconds=sum(h.seconds for h in handlers),
        handlers=people,
        bought=bought,
        conversion=share(bought, people) if period.sales else None,
    )


def _by_price(period: Period, rows: Sequence[AlbumIntent]) -> tuple[GroupIntent, ...]:
    bands_of = {album.artwork_id: band_of(album.price) for album in rows}
    groups = _grouped(period, lambda handler: bands_of[handler.album])
    return tuple(sorted(groups, key=lambda group: bands().index(group.name)))


def _notes(period: Period, before: Period) -> list[str]:
    """Return what the figures lack."""
    notes = []
    if period.sales is None:
        notes.append("no sales are known: run `cratewatch import-sales`, or give --sales")
    elif not period.sales.pieces:
        notes.append("nothing that is known was sold in these days: is the till's file of them?")
    if period.sales and period.sales.unlinked > 0:
        notes.append(f"of {period.sales.unlinked} sold pieces no release of the catalog is known")
    if period.paired.unwatched:
        notes.append(f"{period.paired.unwatched} pieces were sold on days without footage")
    if lacking := sum(h.artwork_id is not None and h.probability is None for h in period.handlings):
        notes.append(
            f"{lacking} handlings have no probability: run `cratewatch calibrate` before footage"
        )
    if not before.handlings:
        notes.append("no footage shows the days before, so that no change is told")
    unnamed = len(period.handlings) - sum(map(chance_of, period.handlings))
    if unnamed >= 0.5:
        notes.append(f"{unnamed:.0f} of {len(period.handlings)} handlings are of no album known")
    return notes
