"""Observed prices: what was sold, asked or suggested, when and for how much; rows are only added.

An observation is as its source gave it; what it is worth in another currency, and whether it is
an outlier, is said by who reads it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, get_args

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import aliased

from cratewatch.catalog.currencies import CURRENCIES
from cratewatch.catalog.database import ROWS_AT_ONCE, Database
from cratewatch.catalog.records import MAX_KEY, MAX_TEXT, storable
from cratewatch.catalog.schema import ObservationRow, OfferRow, ReleaseRow
from cratewatch.catalog.standing_prices import Asked, Standing, differs, latest_prices
from cratewatch.catalog.statements import insert_of
from cratewatch.chunks import chunks
from cratewatch.errors import CratewatchError

PriceKind = Literal["sold", "asking", "suggestion"]
KINDS = get_args(PriceKind)
GRADES = ("M", "NM", "VG+", "VG", "G+", "G", "F", "P")
"""Goldmine's, the best first."""
INSERTED_AT_ONCE = 20_000
"""Rows of a transaction: few enough for other writers to come in between."""


class ObservationError(CratewatchError):
    """A price that is none: the message names source, id and what is wrong."""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One price of one listing, as its source gave it.

    Attributes:
        source: Name of the source in the settings.
        native_id: The source's own id of the listing, the line of a sale, or the release.
        release_id: In the catalog, or None as long as nobody knows which one it is.
        media_condition: Goldmine grade of the record, or None; sleeve_condition likewise.
        condition: As the source said it.
        price: Of one piece, above zero.
        currency: ISO 4217.
        quantity: Pieces; what was brought back is below zero.
        observed_at: When it was sold, or seen to be asked; aware.
    """

    source: str
    native_id: str
    kind: PriceKind
    title: str
    price: Decimal
    currency: str
    observed_at: datetime
    release_id: str | None = None
    media_condition: str | None = None
    sleeve_condition: str | None = None
    condition: str | None = None
    quantity: int = 1
    url: str | None = None

    def __post_init__(self) -> None:
        for name in ("native_id", "title", "condition", "url", "release_id"):
            if (value := getattr(self, name)) is not None:
                most = MAX_TEXT if name in ("title", "condition") else None
                object.__setattr__(self, name, storable(value)[:most])
        if wrong := next(self._wrong(), None):
            raise ObservationError(f"{self.source} {self.native_id}: {wrong}")

    def _wrong(self) -> Iterator[str]:
        """Yield what is wrong."""
        if not 0 < len(self.native_id.encode()) <= MAX_KEY:
            yield f"id is empty or longer than {MAX_KEY} bytes"
        if self.kind not in KINDS:
            yield f"kind {self.kind!r} is none of {', '.join(KINDS)}"
        if not self.price.is_finite() or self.price <= 0:
            yield f"price {self.price} is not above zero"
        if self.currency not in CURRENCIES:
            yield f"currency {self.currency or 'missing'} is none of ISO 4217"
        if self.quantity == 0:
            yield "quantity is zero"
        for grade in (self.media_condition, self.sleeve_condition):
            if grade is not None and grade not in GRADES:
                yield f"condition {grade} is none of Goldmine's {', '.join(GRADES)}"
        if self.observed_at.tzinfo is None:
            yield f"date {self.observed_at} has no time zone"

    @property
    def observation_id(self) -> str:
        """The same for the same observation, however often it is made; 32 hexadecimal digits."""
        parts = (
            *(self.source, self.kind, self.native_id, self.currency, str(self.quantity)),
            *(self.media_condition or "", self.sleeve_condition or ""),
            *(f"{self.price.normalize():f}", self.observed_at.astimezone(UTC).isoformat()),
        )
        return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


_FIELDS = tuple(Observation.__dataclass_fields__)


class Observations:
    """The book of prices."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, observations: Iterable[Observation]) -> int:
        """Add what is not there yet, in transactions of INSERTED_AT_ONCE; return how many are new.

        What a listing asks, or a source suggests, is new where it differs from what it did last.
        """
        return sum(self._add(part) for part in chunks(observations, INSERTED_AT_ONCE))

    def _add(self, observations: Sequence[Observation]) -> int:
        with self._db.transaction() as session:
            standing = [o for o in observations if o.kind != "sold"]
            latest = latest_prices(session, map(_standing, standing)) if standing else {}
            rows = [_row(o) for o in observations if o.kind == "sold" or _differs(o, latest)]
            if not rows:
                return 0
            # RETURNING makes SQLAlchemy send many rows in a statement that it builds once.
            statement = insert_of(session)(ObservationRow.__table__).on_conflict_do_nothing()
            added = ObservationRow.__table__.c.observation_id
            return len(session.execute(statement.returning(added), rows).all())

    def of_releases(
        self,
        release_ids: Sequence[str],
        *,
        kinds: Sequence[PriceKind] = KINDS,
        since: datetime | None = None,
    ) -> list[Observation]:
        """Return what is known of releases by date, the asking prices of crawls with it."""
        found: list[Observation] = []
        for part in chunks(release_ids, ROWS_AT_ONCE):
            found += self._read(kinds, since, part)
        return sorted(found, key=lambda o: (o.observed_at, o.observation_id))

    def all(
        self, *, kinds: Sequence[PriceKind] = ("sold",), since: datetime | None = None
    ) -> Iterator[Observation]:
        """Yield what is known, as it is read, the asking prices of crawls with it."""
        yield from self._read(kinds, since)

    def sold_between(
        self, since: datetime, until: datetime, but: Iterable[str] = ()
    ) -> list[Observation]:
        """Return what was sold and brought back from a moment on and before another one.

        Args:
            but: Not of these sources.
        """
        query = select(ObservationRow).where(
            ObservationRow.kind == "sold",
            ObservationRow.observed_at >= since,
            ObservationRow.observed_at < until,
            ObservationRow.source.not_in(list(but)),
        )
        with self._db.transaction() as session:
            return [_observation(row) for row in session.scalars(query)]

    def sells(self, but: Iterable[str] = ()) -> bool:
        """Return whether any source but these has sold anything."""
        query = select(ObservationRow.source).where(
            ObservationRow.kind == "sold", ObservationRow.source.not_in(list(but))
        )
        with self._db.transaction() as session:
            return session.scalars(query.limit(1)).first() is not None

    def _read(
        self,
        kinds: Sequence[PriceKind],
        since: datetime | None,
        release_ids: Sequence[str] | None = None,
    ) -> Iterator[Observation]:
        seen = select(ObservationRow).where(ObservationRow.kind.in_(kinds))
        asked = _offers()
        if since is not None:
            seen = seen.where(ObservationRow.observed_at >= since)
            asked = asked.where(OfferRow.seen_at >= since)
        if release_ids is not None:
            seen = seen.where(ObservationRow.release_id.in_(release_ids))
            asked = asked.where(OfferRow.release_id.in_(release_ids))
        with self._db.transaction() as session:
            streamed = {"yield_per": ROWS_AT_ONCE}
            for row in session.scalars(seen.execution_options(**streamed)):
                yield _observation(row)
            if "asking" in kinds:
                for offer, release in session.execute(asked.execution_options(**streamed)):
                    if offer.currency in CURRENCIES and offer.price > 0:
                        yield _asked(offer, release)

    def sold_and_asked(self, most: int) -> list[str]:
        """Return releases of which both kinds of price were seen, at most so many."""
        sold, asked = aliased(ObservationRow), aliased(ObservationRow)
        offered = select(OfferRow.release_id).where(OfferRow.price.is_not(None))
        listed = select(asked.release_id).where(
            asked.kind == "asking", asked.release_id.is_not(None)
        )
        both = sold.release_id.in_(offered) | sold.release_id.in_(listed)
        query = select(sold.release_id).where(sold.kind == "sold", both).distinct()
        with self._db.transaction() as session:
            found = session.scalars(query.order_by(sold.release_id).limit(most))
            return [release_id for release_id in found if release_id is not None]

    def counts(self) -> dict[tuple[str, str], int]:
        """Return how many observations there are, by source and kind."""
        of_each = ObservationRow.source, ObservationRow.kind
        query = select(*of_each, func.count()).group_by(*of_each).order_by(*of_each)
        with self._db.transaction() as session:
            return {(source, kind): n for source, kind, n in session.execute(query)}

    def forget_before(self, source: str, moment: datetime) -> int:
        """Delete what a source's terms let nobody keep any longer; return how much it was."""
        old = (ObservationRow.source == source) & (ObservationRow.observed_at < moment)
        with self._db.transaction() as session:
            return int(session.execute(delete(ObservationRow).where(old)).rowcount)  # type: ignore[attr-defined]


def _observation(row: ObservationRow) -> Observation:
    return Observation(**{name: getattr(row, name) for name in _FIELDS})


def _row(observation: Observation) -> dict[str, Any]:
    values = {name: getattr(observation, name) for name in _FIELDS}
    return values | {"observation_id": observation.observation_id}


def _standing(o: Observation) -> Standing:
    return o.source, o.kind, o.native_id, o.media_condition, o.sleeve_condition


def _differs(o: Observation, latest: dict[Standing, Asked]) -> bool:
    return differs(_standing(o), (o.price, o.currency, o.quantity), latest)


def _offers() -> Select[Any]:
    priced = OfferRow.price.is_not(None) & OfferRow.currency.is_not(None)
    on = ReleaseRow.release_id == OfferRow.release_id
    return select(OfferRow, ReleaseRow).join(ReleaseRow, on).where(priced)


def _asked(offer: OfferRow, release: ReleaseRow) -> Observation:
    """Return what a shop asks for its release: new or graded, it does not say."""
    assert offer.price is not None
    assert offer.currency is not None
    return Observation(
        source=release.source,
        native_id=release.release_id.removeprefix(f"{release.source}:"),
        kind="asking",
        release_id=release.release_id,
        title=release.title,
        price=offer.price,
        currency=offer.currency,
        observed_at=offer.seen_at,
        url=release.page_url,
    )
