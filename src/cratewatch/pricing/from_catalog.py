"""Listings to train from: the prices that the catalog knows of its releases."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.observations import Observation, PriceKind
from cratewatch.chunks import chunks
from cratewatch.pricing.history import priced
from cratewatch.pricing.listing import PricedListing, listing_of
from cratewatch.pricing.rates import Rates
from cratewatch.pricing.training import FEWEST

ROWS_AT_ONCE = 500


def listings_of(
    catalog: Catalog, currency: str, rates: Rates, forbidden: Collection[str]
) -> tuple[list[PricedListing], PriceKind, tuple[str, ...]]:
    """Return what the catalog knows of prices, of which kind they are, and their sources.

    Sales are taken if there are enough to train from, else asking prices; no mixture of both.

    Args:
        forbidden: Sources whose terms forbid that models learn from them.
    """
    kinds: tuple[PriceKind, ...] = ("sold", "asking")
    found: list[PricedListing] = []
    for kind in kinds:
        sources: set[str] = set()
        found = list(_listings(catalog, kind, currency, rates, forbidden, sources))
        if len(found) >= FEWEST:
            return found, kind, tuple(sorted(sources))
    return found, "asking", tuple(sorted(sources))


def _listings(  # noqa: PLR0913, PLR0917  what listings_of() was asked, and where to note sources
    catalog: Catalog,
    kind: PriceKind,
    currency: str,
    rates: Rates,
    forbidden: Collection[str],
    sources: set[str],
) -> Iterator[PricedListing]:
    seen = catalog.observations.all(kinds=(kind,))
    may = (o for o in seen if o.source not in forbidden and o.release_id and o.quantity > 0)
    for part in chunks(may, ROWS_AT_ONCE):
        yield from _of_part(catalog, part, currency, rates, sources)


def _of_part(
    catalog: Catalog,
    part: Sequence[Observation],
    currency: str,
    rates: Rates,
    sources: set[str],
) -> Iterable[PricedListing]:
    releases = catalog.releases.by_id([o.release_id for o in part if o.release_id])
    for one in priced(part, currency, rates)[0]:
        release = releases.get(one.observation.release_id or "")
        if release is None:
            continue
        sources.add(one.observation.source)
        listing = listing_of(release, one.observation.media_condition)
        graded = replace(listing, sleeve_condition=one.observation.sleeve_condition)
        yield PricedListing(graded, float(one.value))
