"""Answers of Discogs' API about prices: what the market asks, and what the service suggests.

A suggestion is one number: Mint to Poor are 19, 17, 13, 9, 5, 3, 2 and 1 seventeenths of what near
mint is worth. It may help to estimate a price and is none that anybody paid.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from cratewatch.catalog.observations import Observation, ObservationError
from cratewatch.catalog.records import Release
from cratewatch.sources.grades import read_grade
from cratewatch.sources.json_answers import dict_of, number_of, read_object, text_of
from cratewatch.sources.prices import read_price


def read_stats(body: bytes, release: Release, now: datetime) -> Observation | None:
    """Return the lowest price that is asked; None if nothing is for sale.

    Raises:
        ValueError: if the body is no answer of ``/marketplace/stats/{id}``, or its price is none.
    """
    answer = read_object(body)
    if "num_for_sale" not in answer:
        raise ValueError(f"no marketplace statistics: {body[:200]!r}")
    said = answer.get("lowest_price")
    if said is None:
        return None
    amount, currency = _money(said)
    for_sale = max(1, number_of(answer["num_for_sale"]))
    price = (
        _price(release, now, amount, currency, kind="asking", quantity=for_sale)
        if amount is not None and currency is not None
        else None
    )
    if price is None:
        raise ValueError(f"lowest_price is no price: {str(said)[:100]}")
    return price


def read_suggestions(body: bytes, release: Release, now: datetime) -> Iterator[Observation]:
    """Yield a price for each condition; none where the service suggests none.

    Raises:
        ValueError: if the body is no answer of ``/marketplace/price_suggestions/{id}``.
    """
    for words, money in read_object(body).items():
        amount, currency = _money(money)
        grade = read_grade(words)
        if grade is None:
            raise ValueError(f"no condition: {words!r}")
        if amount is not None and currency is not None:
            more: dict[str, Any] = {"media_condition": grade, "condition": words}
            if suggested := _price(release, now, amount, currency, kind="suggestion", **more):
                yield suggested


def _money(said: Any) -> tuple[Decimal | None, str | None]:
    money = dict_of(said)
    amount, currency = read_price(money.get("value"), text_of(money.get("currency")))
    return (amount if amount else None), currency


def _price(
    release: Release, now: datetime, amount: Decimal, currency: str, **fields: Any
) -> Observation | None:
    """Return a price of a release; None for one in money that nobody knows."""
    try:
        return Observation(
            source=release.source,
            native_id=release.native_id,
            release_id=release.release_id,
            title=release.title,
            price=amount,
            currency=currency,
            observed_at=now,
            url=release.page_url,
            **fields,
        )
    except ObservationError:
        return None
