"""What albums are sold for on the market, and the bands that prices fall into."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from statistics import median

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.observations import Observation
from cratewatch.pricing.history import CENT, Priced, priced
from cratewatch.pricing.rates import Rates

BANDS = (10, 20, 30, 50, 100)
"""Where a band ends and the next one begins."""
UNPRICED = "no price known"


def market_prices(
    releases: Mapping[str, Sequence[str]], catalog: Catalog, currency: str, rates: Rates
) -> tuple[dict[str, Decimal], tuple[str, ...]]:
    """Return the median of what albums were sold for, or of what is asked where none was.

    Args:
        releases: Of each album.

    Returns:
        By album, outliers left out, and a line for each currency that has no rate.
    """
    album_of = {release: album for album, of_album in releases.items() for release in of_album}
    seen = catalog.observations.of_releases(list(album_of), kinds=("sold", "asking"))
    by_album: defaultdict[str, list[Observation]] = defaultdict(list)
    for observation in seen:
        if observation.quantity > 0:
            by_album[album_of[observation.release_id or ""]].append(observation)
    prices: dict[str, Decimal] = {}
    lines: dict[str, None] = {}
    for album, observations in by_album.items():
        found, unconverted = priced(observations, currency, rates)
        lines |= dict.fromkeys(unconverted)
        if (price := _median(found)) is not None:
            prices[album] = price
    return prices, tuple(lines)


def _median(found: Iterable[Priced]) -> Decimal | None:
    usual = [one for one in found if not one.outlier]
    for kind in ("sold", "asking"):
        if values := [one.value for one in usual if one.observation.kind == kind]:
            return median(values).quantize(CENT)
    return None


def band_of(price: Decimal | None) -> str:
    """Return the name of the band that a price is in; its lower end belongs to it."""
    if price is None:
        return UNPRICED
    place = bisect_right(BANDS, price)
    if place == 0:
        return f"under {BANDS[0]}"
    return (
        f"{BANDS[place - 1]} to {BANDS[place]}" if place < len(BANDS) else f"{BANDS[-1]} and more"
    )


def bands() -> list[str]:
    """Return the names of all bands, the cheapest first."""
    return [band_of(Decimal(end)) for end in (0, *BANDS)] + [UNPRICED]
