"""Tells what was handled and bought album by album, and what of that is more than noise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.records import ListedRelease
from cratewatch.intent.albums import Albums
from cratewatch.intent.market import market_prices
from cratewatch.intent.periods import Period
from cratewatch.intent.report import AlbumIntent
from cratewatch.intent.shares import believed, rate_p_value, share
from cratewatch.pricing.rates import Rates

FEWEST_HANDLERS = 3
"""Of an album that is told to be often looked at and never bought."""
FEWEST_OF_CHANGE = 5
"""Handlers of both periods together, of an album whose change is tested."""


@dataclass(frozen=True)
class Prices:
    """In which currency prices are told, and by which rates."""

    currency: str
    rates: Rates


def album_rows(
    catalog: Catalog, albums: Albums, period: Period, before: Period, prices: Prices
) -> tuple[list[AlbumIntent], tuple[str, ...]]:
    """Return the albums that were handled or bought in either period, and why prices are left out.

    Those with most handlers come first.
    """
    tallies, earlier = _tallies(period), _tallies(before)
    for album in earlier.keys() - tallies.keys():
        tallies[album] = _Tally(album, bought=0 if period.sales else None)
    members = {album: albums.members(album) for album in tallies}
    listed = catalog.releases.of_artworks([a for artworks in members.values() for a in artworks])
    releases = {
        album: [release for artwork in artworks for release in listed[artwork]]
        for album, artworks in members.items()
    }
    ids = {album: [r.release_id for r in of_album] for album, of_album in releases.items()}
    worth, unconverted = market_prices(ids, catalog, prices.currency, prices.rates)
    told = [
        _album(tally, earlier.get(album, _Tally(album)), releases[album], worth.get(album))
        for album, tally in tallies.items()
    ]
    told = _with_unbought(_with_changes(told, period, before), period)
    told.sort(key=lambda a: (-a.handlers, -(a.bought or 0), a.artwork_id))
    return told, unconverted


@dataclass
class _Tally:
    """What is summed up of one album in one period."""

    album: str
    handled: float = 0.0
    unsure: float = 0.0
    seconds: float = 0.0
    handlers: float = 0.0
    bought: int | None = None
    returned: int = 0
    seen: float = 0.0
    unseen: float = 0.0


def _tallies(period: Period) -> dict[str, _Tally]:
    """Sum up the albums of a period."""
    sales = period.sales
    bought: defaultdict[str, int] = defaultdict(int)
    for piece in sales.pieces if sales else ():
        bought[piece.album] += 1
    returned = sales.returned if sales else {}
    names = dict.fromkeys((*(h.album for h in period.handlers), *bought, *returned))
    tallies = {
        name: _Tally(
            name,
            bought=bought[name] if sales else None,
            returned=returned.get(name, 0),
            seen=period.paired.seen.get(name, 0.0),
            unseen=period.paired.unseen.get(name, 0.0),
        )
        for name in names
    }
    for handler in period.handlers:
        tally = tallies[handler.album]
        tally.handled += handler.handled
        tally.unsure += handler.unsure
        tally.seconds += handler.seconds
        tally.handlers += handler.chance
    return tallies


def _album(
    tally: _Tally, before: _Tally, releases: Sequence[ListedRelease], price: Decimal | None
) -> AlbumIntent:
    first = releases[0] if releases else None
    return AlbumIntent(
        artwork_id=tally.album,
        cover_id=first.cover_id if first else None,
        release_id=first.release_id if first else None,
        artist=first.artist if first else None,
        title=first.title if first else None,
        price=price,
        handled=tally.handled,
        uncertain=tally.unsure / tally.handled if tally.handled else 0.0,
        seconds=tally.seconds,
        handlers=tally.handlers,
        bought=tally.bought,
        returned=tally.returned,
        bought_unseen=tally.unseen,
        conversion=share(tally.seen, tally.handlers) if tally.bought is not None else None,
        handlers_before=before.handlers,
        bought_before=before.bought,
        change=None,
        changed=False,
        never_bought=False,
    )


def _with_changes(told: Sequence[AlbumIntent], period: Period, before: Period) -> list[AlbumIntent]:
    """Add what changed against the period before, a watched day each, and whether to believe it."""
    days, days_before = len(period.watched), len(before.watched)
    if not days_before:
        return list(told)
    tested = [a for a in told if a.handlers + a.handlers_before >= FEWEST_OF_CHANGE]
    p_values = [rate_p_value(a.handlers_before, a.handlers, days_before, days) for a in tested]
    real = {
        album.artwork_id
        for album, is_real in zip(tested, believed(p_values), strict=True)
        if is_real
    }
    return [
        replace(
            album,
            change=(album.handlers / days) / (album.handlers_before / days_before) - 1
            if album.handlers_before
            else None,
            changed=album.artwork_id in real,
        )
        for album in told
    ]


def _with_unbought(told: Sequence[AlbumIntent], period: Period) -> list[AlbumIntent]:
    """Mark albums that so many handlers of this shop do not leave behind by chance alone."""
    everywhere = period.conversion
    usual = everywhere.value if everywhere else 0.0
    tested = [album for album in told if album.handlers >= FEWEST_HANDLERS]
    p_values = [(1 - usual) ** a.handlers if a.bought == 0 else 1.0 for a in tested]
    left = {
        album.artwork_id
        for album, is_left in zip(tested, believed(p_values), strict=True)
        if is_left
    }
    return [replace(album, never_bought=album.artwork_id in left) for album in told]
