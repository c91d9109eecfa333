"""Handlings and sales that were made up."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from cratewatch.catalog.handlings import SeenHandling
from cratewatch.catalog.observations import Observation
from cratewatch.catalog.records import Cover

_numbers = itertools.count(1)


def at(day: int, hour: float = 12, month: int = 11) -> datetime:
    """Return a moment of 2026 in UTC."""
    return datetime(2026, month, day, tzinfo=UTC) + timedelta(hours=hour)


def held(cover: Cover | None, when: datetime, **values: Any) -> SeenHandling:
    """Return a handling of ten seconds by a person of his own."""
    number = next(_numbers)
    fields: dict[str, Any] = {
        "footage_run": "run",
        "number": number,
        "camera": "door",
        "started_at": when,
        "ended_at": when + timedelta(seconds=10),
        "seconds": 10.0,
        "person": number,
        "cover_id": cover and cover.cover_id,
        "artwork_id": cover and cover.artwork_id,
        "probability": 1.0 if cover else None,
        "known": cover is not None,
    }
    return SeenHandling(**(fields | values))


def release_of(cover: Cover) -> str:
    return f"import:{cover.source_url}"


def sold(cover: Cover | None, when: datetime, quantity: int = 1, **values: Any) -> Observation:
    number = next(_numbers)
    fields: dict[str, Any] = {
        "source": "till",
        "native_id": str(number),
        "kind": "sold",
        "title": "x",
        "price": Decimal(15),
        "currency": "EUR",
        "observed_at": when,
        "quantity": quantity,
        "release_id": cover and release_of(cover),
    }
    return Observation(**(fields | values))
