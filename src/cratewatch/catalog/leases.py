"""Leases: which crawl works on which items of a run that several crawls share.

A lease ends when the item's state is written, when it is given back, or when it was not renewed
in time: then another crawl takes the item, and what the first one still says of it is refused.
All times are those of the database's clock. SQLite has no leases: one machine has its file.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from sqlalchemy import ColumnElement, delete, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from cratewatch.catalog.database import ROWS_AT_ONCE, Database
from cratewatch.catalog.item_states import save
from cratewatch.catalog.observations import Observation
from cratewatch.catalog.records import Item, ItemKind, item_key
from cratewatch.catalog.schema_of_runs import ItemRow, RunRow
from cratewatch.catalog.staged_prices import stage_prices
from cratewatch.chunks import chunks


@dataclass(frozen=True)
class Lessee:
    """A crawl that leases items of a run.

    Attributes:
        owner: Of the leases; each process of a crawl is another one.
        lease_s: How long a lease lasts without being renewed.
    """

    owner: str
    run_id: str
    source: str
    kind: ItemKind
    lease_s: float


class Leases:
    """The leases of items; on PostgreSQL alone."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def take(self, lessee: Lessee, most: int) -> list[str]:
        """Lease items that the run has planned and nobody works on; return their keys.

        None are to be had once the run has ended.
        """
        free = or_(ItemRow.leased_until.is_(None), ItemRow.leased_until < func.now())
        key = (ItemRow.source, ItemRow.kind, ItemRow.key)
        wanted = (
            select(*key)
            .where(*_planned(lessee.run_id, lessee.kind), free, _is_running(lessee.run_id))
            .limit(most)
            .with_for_update(skip_locked=True, of=ItemRow)
        )
        with self._db.transaction() as session:
            taken = session.execute(
                update(ItemRow)
                .where(tuple_(*key).in_(wanted))
                .values(owner=lessee.owner, leased_until=_end(lessee))
                .returning(ItemRow.key)
                .execution_options(synchronize_session=False)
            )
            return sorted(taken.scalars())

    def renew(self, lessee: Lessee, keys: Collection[str]) -> set[str]:
        """Begin the leases of items anew; return the keys of those that are still the lessee's."""
        kept: set[str] = set()
        with self._db.transaction() as session:
            for part in chunks(sorted(keys), ROWS_AT_ONCE):
                renewed = session.execute(
                    update(ItemRow)
                    .where(*_held(lessee, part))
                    .values(leased_until=_end(lessee))
                    .returning(ItemRow.key)
                    .execution_options(synchronize_session=False)
                )
                kept.update(renewed.scalars())
        return kept

    def give_back(self, lessee: Lessee, keys: Collection[str]) -> None:
        """Let others have items at once."""
        with self._db.transaction() as session:
            for part in chunks(sorted(keys), ROWS_AT_ONCE):
                session.execute(
                    update(ItemRow)
                    .where(*_held(lessee, part))
                    .values(owner=None, leased_until=None)
                    .execution_options(synchronize_session=False)
                )

    def record(
        self,
        lessee: Lessee,
        items: Sequence[Item],
        prices: Mapping[str, Sequence[Observation]],
    ) -> set[str]:
        """Write states of items, and stage prices, by the key of the item that they came of.

        Returns:
            The keys of the leased items that were the lessee's no more: nothing of them is written.
        """
        keys = {item_key(item.key) for item in items if item.kind == lessee.kind}
        keys |= set(map(item_key, prices))
        with self._db.transaction() as session:
            lost = keys - held(session, lessee, keys)
            mine = [key for key in prices if item_key(key) not in lost]
            stage_prices(session, lessee.run_id, chain.from_iterable(prices[key] for key in mine))
            kept = [i for i in items if i.kind != lessee.kind or item_key(i.key) not in lost]
            save(session, lessee.run_id, kept)
        return lost

    def left(self, run_id: str, kind: ItemKind) -> bool:
        """Whether a run that is under way has items that are planned, whoever works on them."""
        query = select(ItemRow.key).where(*_planned(run_id, kind), _is_running(run_id)).limit(1)
        with self._db.transaction() as session:
            return session.scalar(query) is not None

    def reopen(self, run_id: str, kind: ItemKind, keys: Collection[str]) -> None:
        """Prepare a run that was killed: of its items only some are wanted, those that failed, too.

        Args:
            keys: Of the items that are to be done; others are not planned any more.
        """
        of_run = (ItemRow.run_id == run_id, ItemRow.kind == kind)
        wanted = set(map(item_key, keys))
        with self._db.transaction() as session:
            failed = update(ItemRow).where(*of_run, ItemRow.state == "failed")
            session.execute(failed.values(state="planned"))
            planned = session.scalars(select(ItemRow.key).where(*_planned(run_id, kind)))
            for part in chunks(sorted(set(planned) - wanted), ROWS_AT_ONCE):
                session.execute(delete(ItemRow).where(*of_run, ItemRow.key.in_(part)))


def held(session: Session, lessee: Lessee, keys: Collection[str]) -> set[str]:
    """Return which items are the lessee's, in the caller's transaction, to whose end they stay so.

    None are once the run has ended.
    """
    running = select(RunRow.state).where(RunRow.run_id == lessee.run_id).with_for_update(read=True)
    if session.scalar(running) != "running":
        return set()
    found: set[str] = set()
    for part in chunks(sorted(keys), ROWS_AT_ONCE):
        query = select(ItemRow.key).where(*_held(lessee, part)).with_for_update()
        found.update(session.scalars(query))
    return found


def _planned(run_id: str, kind: ItemKind) -> tuple[ColumnElement[bool], ...]:
    return ItemRow.run_id == run_id, ItemRow.state == "planned", ItemRow.kind == kind


def _held(lessee: Lessee, keys: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    return (
        ItemRow.source == lessee.source,
        ItemRow.kind == lessee.kind,
        ItemRow.key.in_(keys),
        ItemRow.run_id == lessee.run_id,
        ItemRow.owner == lessee.owner,
    )


def _is_running(run_id: str) -> ColumnElement[bool]:
    return select(RunRow.run_id).where(RunRow.run_id == run_id, RunRow.state == "running").exists()


def _end(lessee: Lessee) -> ColumnElement[datetime]:
    return func.now() + timedelta(seconds=lessee.lease_s)
