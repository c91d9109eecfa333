"""What a listing asks, or a source suggests, stands until it differs."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from cratewatch.catalog.database import ROWS_AT_ONCE
from cratewatch.catalog.schema import ObservationRow
from cratewatch.chunks import chunks

Standing = tuple[str, str, str, str | None, str | None]
"""What a price stands for until the next one: source, kind, id and both conditions."""
Asked = tuple[Decimal, str, int]
"""Price, currency and quantity."""


def differs(of: Standing, now: Asked, latest: dict[Standing, Asked]) -> bool:
    """Whether a price is another than the one before it, and note that it is the latest now."""
    if latest.get(of) == now:
        return False
    latest[of] = now
    return True


def latest_prices(session: Session, of: Iterable[Standing]) -> dict[Standing, Asked]:
    """Return the latest price of each listing, in whatever condition."""
    listings: dict[tuple[str, str], dict[str, None]] = {}
    for source, kind, native_id, *_ in of:
        listings.setdefault((source, kind), {})[native_id] = None
    row = ObservationRow
    read = (row.native_id, row.media_condition, row.sleeve_condition)
    query = select(*read, row.price, row.currency, row.quantity).order_by(row.observed_at)
    found: dict[Standing, Asked] = {}
    for (source, kind), ids in listings.items():
        of_kind = query.where(row.source == source, row.kind == kind)
        for part in chunks(ids, ROWS_AT_ONCE):
            for native_id, media, sleeve, price, currency, quantity in session.execute(
                of_kind.where(row.native_id.in_(part))
            ):
                found[source, kind, native_id, media, sleeve] = price, currency, quantity
    return found
