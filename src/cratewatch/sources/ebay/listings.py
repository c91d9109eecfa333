"""Answers of eBay's searches: what was sold, and what is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cratewatch.catalog.naming import digits_of
from cratewatch.catalog.observations import Observation, ObservationError
from cratewatch.catalog.records import Release
from cratewatch.sources.grades import read_grade
from cratewatch.sources.json_answers import dict_of, dicts_of, number_of, read_object, text_of
from cratewatch.sources.lots import is_lot
from cratewatch.sources.moments import is_ahead, read_moment
from cratewatch.sources.prices import read_price

SOLD_FOR = "lastSoldPrice"
LEAST_CATNO = 4
"""Letters and digits of a catalogue number that tells something when it stands in a title."""


@dataclass(frozen=True)
class Search:
    """What is looked for.

    Attributes:
        key: Of the item in the ledger.
        query: Parameters of the request.
        release: That is looked for, or None.
    """

    key: str
    query: dict[str, str]
    release: Release | None = None

    @classmethod
    def of(cls, release: Release) -> Search:
        """Look for a release: by its barcode, or else by its names."""
        if code := digits_of(release.barcode):
            return cls(release.release_id, {"gtin": code}, release)
        words = " ".join(filter(None, (release.artist, release.title)))
        return cls(release.release_id, {"q": words[:100]}, release)

    def release_of(self, title: str) -> str | None:
        """Return the release that a listing is of, if the search or its title leave no doubt."""
        if self.release is None:
            return None
        if "gtin" in self.query or _bare(self.release.catno) in _bare(title):
            return self.release.release_id
        return None


@dataclass(frozen=True)
class ResultPage:
    """One page of a search.

    Attributes:
        length: How many entries it has.
        total: How many all pages have.
    """

    prices: list[Observation]
    length: int
    total: int
    lots: int = 0

    @property
    def unfit(self) -> int:
        """How many entries are no lots and have no price, money, name or day that can be read."""
        return self.length - self.lots - len(self.prices)


def read_sales(body: bytes, source: str, search: Search) -> ResultPage:
    """Read a page of Marketplace Insights.

    Raises:
        ValueError: if the body is no such page.
    """
    entries, total = _entries(body, "itemSales")
    prices = [
        price
        for entry in entries
        if (price := _price(entry, source, search, SOLD_FOR, _sold_at(entry)))
    ]
    return ResultPage(prices, len(entries), total, _lots(entries))


def read_summaries(body: bytes, source: str, search: Search, now: datetime) -> ResultPage:
    """Read a page of Browse.

    Raises:
        ValueError: if the body is no such page.
    """
    entries, total = _entries(body, "itemSummaries")
    prices = [price for entry in entries if (price := _price(entry, source, search, "price", now))]
    return ResultPage(prices, len(entries), total, _lots(entries))


def error_message(body: bytes) -> str:
    """Return what an error body says; "" if it is none of eBay's."""
    try:
        answer = read_object(body)
    except ValueError:
        return ""
    errors = dicts_of(answer.get("errors"))
    said = [text_of(e.get("longMessage")) or text_of(e.get("message")) or "" for e in errors]
    return "; ".join(filter(None, said)) or text_of(answer.get("error_description")) or ""


def _entries(body: bytes, name: str) -> tuple[list[dict[str, Any]], int]:
    """Return the entries of a page; a search that finds nothing has no list."""
    answer = read_object(body)
    if "total" not in answer and name not in answer:
        raise ValueError(f"no page of results: {body[:200]!r}")
    entries = dicts_of(answer.get(name))
    return entries, number_of(answer.get("total")) or len(entries)


def _price(
    entry: dict[str, Any],
    source: str,
    search: Search,
    field: str,
    moment: datetime | None,
) -> Observation | None:
    title, native_id = text_of(entry.get("title")), text_of(entry.get("itemId"))
    amount, currency = _money(entry.get(field))
    if not (title and native_id and amount and currency and moment) or is_lot(title):
        return None
    condition = text_of(entry.get("condition"))
    try:
        return Observation(
            source=source,
            native_id=native_id,
            kind="sold" if field == SOLD_FOR else "asking",
            title=title,
            price=amount,
            currency=currency,
            observed_at=moment,
            release_id=search.release_of(title),
            media_condition=read_grade(condition),
            condition=condition,
            url=text_of(entry.get("itemWebUrl")),
        )
    except ObservationError:
        return None


def _money(said: Any) -> tuple[Decimal | None, str | None]:
    """Return an amount as the seller gave it, before eBay turned it into the buyer's money."""
    money = dict_of(said)
    prefix = "convertedFromValue" if money.get("convertedFromValue") else "value"
    named = "convertedFromCurrency" if prefix != "value" else "currency"
    return read_price(text_of(money.get(prefix)), text_of(money.get(named)))


def _sold_at(entry: dict[str, Any]) -> datetime | None:
    moment = read_moment(text_of(entry.get("lastSoldDate")) or "", UTC)
    return None if moment is None or is_ahead(moment) else moment


def _lots(entries: list[dict[str, Any]]) -> int:
    return sum(is_lot(text_of(entry.get("title")) or "") for entry in entries)


def _bare(text: str | None) -> str:
    """Return a catalogue number's letters and digits, or a title's; too few are no number."""
    bare = re.sub(r"[\W_]+", "", text or "").casefold()
    return bare if len(bare) >= LEAST_CATNO else "\0"


def searches(queries: tuple[str, ...], releases: Iterator[Release]) -> Iterator[Search]:
    """Yield what is looked for: words, then releases."""
    for words in queries:
        yield Search(f"q:{words}", {"q": words})
    yield from map(Search.of, releases)
