"""What a listing asks, or a source suggests, stands until it differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cratewatch.catalog.database import ROWS_AT_ONCE
from cratewatch.catalog.schema import ObservationRow
from cratewatch.chunks import chunks

if TYPE_CHECKING:
    from cratewatch.catalog.observations import Observation


Standing = tuple[str, str, str, str | None, str | None]
"""What a price stands for until the next one: source, kind, id and both conditions."""


def _standing(o: Observation) -> Standing:
    return o.source, o.kind, o.native_id, o.media_condition, o.sleeve_condition


def differs(observation: Observation, latest: dict[Standing, Any]) -> bool:
    """Whether a price is another than the one before it, and note that it is the latest now."""
    now = (observation.price, observation.currency, observation.quantity)
    key = _standing(observation)
    if latest.get(key) == now:
        return False
    latest[key] = now
    return True


def latest_prices(session: Session, observations: Sequence[Observation]) -> dict[Standing, Any]:
    """Return the latest price, currency and quantity of the listings of observations."""
    listings: dict[tuple[str, str], dict[str, None]] = {}
    for o in observations:
        listings.setdefault((o.source, o.kind), {})[o.native_id] = None
    row = ObservationRow
    read = (row.native_id, row.media_condition, row.sleeve_condition)
    query = select(*read, row.price, row.currency, row.quantity).order_by(row.observed_at)
    found: dict[Standing, Any] = {}
    for (source, kind), ids in listings.items():
        of_kind = query.where(row.source == source, row.kind == kind)
        for part in chunks(ids, ROWS_AT_ONCE):
            for native_id, media, sleeve, *price in session.execute(
                of_kind.where(row.native_id.in_(part))
            ):
                found[source, kind, native_id, media, sleeve] = tuple(price)
    return found
