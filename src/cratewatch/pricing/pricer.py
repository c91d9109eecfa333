"""Prices releases, from what tells most of them to what tells least.

Own sales come before sales of the pressing anywhere, those before sales of other pressings with
its artwork, then those of its artist on its label; where all of these are too few, the model.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np

from cratewatch.catalog.browsing import Query
from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.observations import Observation
from cratewatch.catalog.records import ListedRelease, Release
from cratewatch.errors import NotFoundError
from cratewatch.pricing.asking import Correction, correction
from cratewatch.pricing.estimate import (
    LEVEL,
    MOST_SHOWN,
    SPREAD_OF_NEIGHBOURS,
    PriceEstimate,
    Span,
    Way,
    span_of,
)
from cratewatch.pricing.history import Priced, priced
from cratewatch.pricing.listing import listing_of
from cratewatch.pricing.model import PriceModel
from cratewatch.pricing.rates import Rates
from cratewatch.pricing.worth import UNSAID, log_worth

FEWEST = 3
"""Prices that an estimate rests on, if anything else is known."""
MOST_OF_ARTIST = 200
LOOKED_AT = 10
"""Artworks that a sleeve which nobody knows is priced by."""
MOST_OF_BOTH = 2000
"""Releases that tell what is sold for beside what is asked."""
MOST_HINTS = 3
"""Unknown releases for which near ones are sought: each time goes through the whole catalog."""


@dataclass(frozen=True)
class Asked:
    """What is asked about records.

    Attributes:
        condition: Goldmine grade; None for UNSAID.
        currency: ISO 4217.
        now: Whose rates convert what the model says.
    """

    condition: str | None
    currency: str
    now: datetime


@dataclass(frozen=True)
class _Rung:
    """What an estimate may rest on."""

    way: Way
    prices: Sequence[Priced]
    how: str
    by: float = 0.0


class Pricer:
    """Prices releases of a catalog, and pictures of what is not in it."""

    def __init__(
        self,
        catalog: Catalog,
        model: PriceModel | None,
        rates: Rates,
        asked: Asked,
        others: Collection[str] = (),
    ) -> None:
        """Take what prices rest on.

        Args:
            others: Sources that are no till of our own.
        """
        self._catalog = catalog
        self._model = model
        self._rates = rates
        self._asked = asked
        self._others = frozenset(others)
        self._grade = log_worth(asked.condition or UNSAID)
        self._hints_left = MOST_HINTS

    def release(self, release_id: str, query: str = "") -> PriceEstimate:
        """Return what a release is worth.

        Args:
            query: What was asked about, if that is not the release itself.

        Raises:
            NotFoundError: if there is no such release, or nothing to price it by.
            RateError: if what it is priced by cannot be converted.
        """
        release = self._release(release_id)
        pressing = self._pressing(release_id)
        found = self._catalog.browse.release(release_id)
        same = {one["release_id"] for one in (found or {}).get("same_artwork", ())}
        of_artwork = self._priced(sorted(pressing | same))
        fallback: _Rung | None = None
        for rung in self._rungs(release, pressing, of_artwork):
            if len(rung.prices) >= FEWEST:
                return self._estimate(query or release_id, release, rung, of_artwork)
            fallback = fallback or (rung if rung.prices else None)
        if self._model is not None:
            return self._by_model(query or release_id, release, of_artwork)
        if fallback is not None:
            return self._estimate(query or release_id, release, fallback, of_artwork)
        raise NotFoundError(
            f"{release_id}: no price of it is known, and there is no model; import sales by "
            "`cratewatch import-sales`, or run `cratewatch train-prices`"
        )

    def picture(
        self, query: str, near: Sequence[Sequence[ListedRelease]], *, known: bool
    ) -> PriceEstimate:
        """Return what the sleeve of a picture is worth.

        Args:
            near: As unidentified() takes it.
            known: Whether the nearest is believed.

        Raises:
            NotFoundError, RateError: as release() and unidentified().
        """
        if known and near and near[0]:
            return self.release(near[0][0].release_id, query)
        return self.unidentified(query, near)

    def unidentified(self, query: str, near: Sequence[Sequence[ListedRelease]]) -> PriceEstimate:
        """Return what a sleeve is worth that nobody knows, by what looks like it.

        Args:
            near: The releases of each artwork that is near it, the nearest first.

        Raises:
            NotFoundError: if nothing near it has a price.
            RateError: if what it is priced by cannot be converted.
        """
        logs, weights, shown = [], [], []
        for rank, releases in enumerate(near):
            prices = self._priced([release.release_id for release in releases])
            usual = _usual(prices, "sold") or _usual(prices, "asking")
            shown += usual
            if usual:
                log = float(np.median([one.log_near_mint for one in usual])) + self._grade
            elif self._model is not None and releases:
                log = self._guess(self._release(releases[0].release_id)).median
            else:
                continue
            logs.append(log)
            weights.append(1 / (1 + rank))
        if not logs:
            raise NotFoundError(
                f"{query}: nothing that looks like it has a price, and there is no model; run "
                "`cratewatch train-prices`"
            )
        how = (
            f"not identified: by {len(logs)} artworks that look like it, the nearest counting most"
        )
        span = span_of(logs, weights, SPREAD_OF_NEIGHBOURS)
        return self._told(query, None, span, len(logs), "neighbours", how, shown)

    def _pressing(self, release_id: str) -> set[str]:
        """Return the releases of all sources that are one pressing with a release, it included."""
        links = self._catalog.links.of(release_id)
        return {release_id}.union(*({link.release_id, link.other_id} for link in links))

    def _rungs(
        self, release: Release, pressing: Collection[str], of_artwork: Sequence[Priced]
    ) -> Iterator[_Rung]:
        """Yield what an estimate may rest on, the best first."""
        own = [p for p in of_artwork if p.observation.release_id in pressing]
        sold = _usual(own, "sold")
        ours = [p for p in sold if p.observation.source not in self._others]
        yield _Rung("own sales", ours, f"{_count(ours, 'own sale')} of it")
        yield _Rung("this pressing", sold, f"{_count(sold, 'sale')} of this pressing")
        yield self._asking_rung("this pressing", own)
        sold = _usual(of_artwork, "sold")
        how = f"{_count(sold, 'sale')} of pressings with this artwork"
        yield _Rung("this artwork", sold, how)
        yield self._asking_rung("this artwork", of_artwork)
        if release.artist and release.label:
            query = Query(artist=release.artist, label=release.label)
            others = self._catalog.browse.releases(query, MOST_OF_ARTIST)
            sold = _usual(self._priced([other.release_id for other in others]), "sold")
            how = f"{_count(sold, 'sale')} of {release.artist} on {release.label}"
            yield _Rung("artist and label", sold, how)

    def _asking_rung(self, way: Way, prices: Sequence[Priced]) -> _Rung:
        asking = _usual(prices, "asking")
        by = self._correction if asking else Correction(0.0, 0)
        how = f"{_count(asking, 'asking price')} of {way.replace('this', 'the same')}, {by}"
        return _Rung(way, asking, how, by.log)

    @functools.cached_property
    def _correction(self) -> Correction:
        both = self._catalog.observations.sold_and_asked(MOST_OF_BOTH)
        return correction(self._priced(both))

    def _priced(self, release_ids: Sequence[str]) -> list[Priced]:
        """Return the prices of releases in the currency that is asked for, less suggestions."""
        seen: list[Observation] = self._catalog.observations.of_releases(
            release_ids, kinds=("sold", "asking")
        )
        return priced(seen, self._asked.currency, self._rates)[0]

    def _release(self, release_id: str) -> Release:
        release = self._catalog.releases.by_id([release_id]).get(release_id)
        if release is None:
            raise NotFoundError(
                f"{release_id}: no such release or picture{self._hint(release_id)}; "
                "`cratewatch releases WORDS` finds release_ids"
            )
        return release

    def _hint(self, unknown: str) -> str:
        """Return which releases are near an unknown one; of the first few alone."""
        if not self._hints_left:
            return ""
        self._hints_left -= 1
        near = ", ".join(self._catalog.browse.near(unknown))
        return f"; near it is {near}" if near else ""

    def _guess(self, release: Release) -> Span:
        """Return what the model says of a release, in the currency that is asked for."""
        assert self._model is not None
        listing = listing_of(release, self._asked.condition or UNSAID)
        (guess,) = self._model.guess([listing])
        low, high = self._model.interval(listing, guess, LEVEL)
        facts = self._model.facts
        one = self._rates.convert(
            Decimal(1_000_000), facts.currency, self._asked.currency, self._asked.now
        )
        by = self._correction.log if facts.kind == "asking" else 0.0
        return Span(low, guess.log, high).moved(math.log(one / 1_000_000) + by)

    def _by_model(
        self, query: str, release: Release, of_artwork: Sequence[Priced]
    ) -> PriceEstimate:
        assert self._model is not None
        facts = self._model.facts
        how = f"a model of {facts.n} {'sales' if facts.kind == 'sold' else 'asking prices'}"
        if facts.kind == "asking":
            how = f"{how}, {self._correction}"
        return self._told(query, release, self._guess(release), facts.n, "model", how, of_artwork)

    def _estimate(
        self, query: str, release: Release, rung: _Rung, of_artwork: Sequence[Priced]
    ) -> PriceEstimate:
        logs = [one.log_near_mint + self._grade for one in rung.prices]
        span = span_of(logs).moved(rung.by)
        shown = rung.prices if rung.way == "artist and label" else of_artwork
        return self._told(query, release, span, len(logs), rung.way, rung.how, shown)

    def _told(  # noqa: PLR0913, PLR0917  all that an estimate is made of
        self,
        query: str,
        release: Release | None,
        span: Span,
        n: int,
        way: Way,
        how: str,
        shown: Sequence[Priced],
    ) -> PriceEstimate:
        low, median, high = span.amounts()
        latest = sorted(shown, key=lambda p: p.observation.observed_at, reverse=True)
        named = " \u2013 ".join(filter(None, (release.artist, release.title))) if release else None
        return PriceEstimate(
            query=query,
            release_id=release.release_id if release else None,
            title=named,
            condition=self._asked.condition or UNSAID,
            currency=self._asked.currency,
            low=low,
            median=median,
            high=high,
            n=n,
            way=way,
            how=how,
            comparables=tuple(
                one.point(self._asked.condition or UNSAID) for one in latest[:MOST_SHOWN]
            ),
        )


def _usual(prices: Sequence[Priced], kind: str) -> list[Priced]:
    """Return the prices of a kind that are neither outliers nor returns.

    What is asked for a listing is what was asked last.
    """
    usual = [
        p
        for p in prices
        if p.observation.kind == kind and not p.outlier and p.observation.quantity > 0
    ]
    if kind != "asking":
        return usual
    usual.sort(key=lambda p: p.observation.observed_at)
    return list({(p.observation.source, p.observation.native_id): p for p in usual}.values())


def _count(prices: Sequence[Priced], what: str) -> str:
    return f"{len(prices)} {what}{'' if len(prices) == 1 else 's'}"
