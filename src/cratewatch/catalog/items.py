"""The item ledger: the state of every page, image and listing that runs work on.

An item moves along planned → fetched → stored → embedded → indexed, or ends failed or withdrawn.
A state is written after the work that it tells of, or with it in one transaction: a process may
be killed at any moment, and the next one goes on from what stands here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, exists, func, or_, select, tuple_, update

from cratewatch.catalog.database import Database, now
from cratewatch.catalog.item_states import DONE, UNREADABLE, row_of, save
from cratewatch.catalog.records import Item, ItemKind, item_key
from cratewatch.catalog.schema import ReleaseRow
from cratewatch.catalog.schema_of_runs import ItemRow, RunRow
from cratewatch.catalog.statements import upsert

OF_CRAWLS: tuple[ItemKind, ...] = ("listing", "page", "cover", "check", "price")
FORGOTTEN_AT_ONCE = 10_000
_FORGETTABLE = (ItemRow.kind.in_(OF_CRAWLS), ItemRow.reason.is_distinct_from(UNREADABLE))


@dataclass(frozen=True)
class KnownItem:
    """What became of an item, and how often it has failed in a row."""

    state: str
    attempts: int
    detail: str | None


class Items:
    """The ledger's transactions; save() is for use within another one."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def plan(self, run_id: str, source: str, kind: ItemKind, keys: Iterable[str]) -> None:
        """Say what the run is going to do; what it has done already stays as it is."""
        rows = [
            row_of(run_id, Item(source, kind, key, "planned"))
            for key in dict.fromkeys(map(item_key, keys))
        ]
        tried = case((ItemRow.state == "failed", ItemRow.attempts), else_=0)
        with self._db.transaction() as session:
            upsert(
                session,
                ItemRow,
                rows,
                changes={"attempts": tried},
                where=ItemRow.run_id != run_id,
            )

    def record(self, run_id: str, items: Sequence[Item]) -> None:
        """Write the items' states in one transaction."""
        with self._db.transaction() as session:
            save(session, run_id, items)

    def done(self, run_id: str, kind: ItemKind) -> set[str]:
        """Return the keys of the items that the run is done with."""
        return self._keys(ItemRow.run_id == run_id, ItemRow.kind == kind, ItemRow.state.in_(DONE))

    def failed(self, source: str, kind: ItemKind, but: Sequence[str] = ()) -> set[str]:
        """Return the keys of the source's items that failed, but for some reasons."""
        return self._keys(
            ItemRow.source == source,
            ItemRow.kind == kind,
            ItemRow.state == "failed",
            ItemRow.reason.not_in(but),
        )

    def failure_details(self, source: str, kind: ItemKind) -> dict[str, str]:
        """Return why the source's items failed, by key: the reason and what was said."""
        of_kind = (ItemRow.source == source) & (ItemRow.kind == kind) & (ItemRow.state == "failed")
        query = select(ItemRow.key, ItemRow.reason, ItemRow.detail).where(of_kind)
        with self._db.transaction() as session:
            rows = session.execute(query).all()
        return {
            key: detail or "" if reason == "expired" else f"{reason} {detail or ''}".strip()
            for key, reason, detail in rows
        }

    def known(self, source: str, kind: ItemKind) -> dict[str, KnownItem]:
        """Return what became of all of the source's items of a kind, by key."""
        of_kind = (ItemRow.source == source) & (ItemRow.kind == kind)
        query = select(ItemRow.key, ItemRow.state, ItemRow.attempts, ItemRow.detail).where(of_kind)
        with self._db.transaction() as session:
            return {key: KnownItem(*told) for key, *told in session.execute(query)}

    def planned(self, run_id: str, kind: ItemKind) -> set[str]:
        """Return the keys of the items that the run has planned and not come to."""
        return self._keys(
            ItemRow.run_id == run_id, ItemRow.kind == kind, ItemRow.state == "planned"
        )

    def _keys(self, *conditions: Any) -> set[str]:
        with self._db.transaction() as session:
            return set(session.scalars(select(ItemRow.key).where(*conditions)))

    def sources_to_retry(self) -> list[str]:
        """Return the sources with items that failed, or that a run which was killed left.

        A check that failed lacks nothing: the image is stored. Prices are asked for anew each time,
        and footage is no source's.
        """
        kinds = ItemRow.kind.not_in(("check", "price", "footage"))
        undone = ItemRow.state.in_(("failed", "planned")) & kinds
        query = select(ItemRow.source).where(undone).distinct()
        with self._db.transaction() as session:
            return sorted(session.scalars(query))

    def forget_old(self, source: str, run_id: str) -> None:
        """Forget what earlier runs left undone: a whole run has tried everything again.

        So it has the listing, if a part of it failed at first. What could not be embedded stays.
        """
        undone = or_(
            ItemRow.state == "planned", (ItemRow.state == "failed") & (ItemRow.reason != UNREADABLE)
        )
        page = (ItemRow.kind == "page") & (ItemRow.state != "withdrawn")
        of_others = (ItemRow.run_id != run_id) & or_(undone, page)
        with self._db.transaction() as session:
            session.execute(
                delete(ItemRow)
                .where(ItemRow.source == source)
                .where(or_(of_others, ItemRow.kind == "listing"))
            )

    def forget_prices(self, source: str, run_id: str) -> None:
        """Forget what earlier runs asked a source for prices: a whole one has asked it again."""
        asked = (ItemRow.source == source) & (ItemRow.kind == "price") & (ItemRow.run_id != run_id)
        with self._db.transaction() as session:
            session.execute(delete(ItemRow).where(asked))

    def forget_before(self, moment: datetime) -> int:
        """Forget items that no run has worked on since; return how many.

        What could not be embedded stays, as its attempts are counted, and so does what was done
        once for all, such as footage.
        """
        wanted = (*_FORGETTABLE, ItemRow.run_id == RunRow.run_id)
        runs = select(RunRow.run_id).where(
            RunRow.started_at < moment, RunRow.state != "running", exists().where(*wanted)
        )
        with self._db.transaction() as session:
            old = session.scalars(runs).all()
        return sum(self._forget_run(run_id) for run_id in old)

    def _forget_run(self, run_id: str) -> int:
        """Forget a run's items, bit by bit in a file, so that its next writer does not wait."""
        of_run = (ItemRow.run_id == run_id, *_FORGETTABLE)
        old = delete(ItemRow).where(*of_run)
        if not self._db.is_shared:
            key = (ItemRow.source, ItemRow.kind, ItemRow.key)
            some = select(*key).where(*of_run).limit(FORGOTTEN_AT_ONCE)
            old = delete(ItemRow).where(tuple_(*key).in_(some))
        old = old.execution_options(synchronize_session=False)
        forgotten = 0
        while True:
            with self._db.transaction() as session:
                gone = int(session.execute(old).rowcount)  # type: ignore[attr-defined]
            forgotten += gone
            if gone < FORGOTTEN_AT_ONCE:
                return forgotten

    def tally(self, run_id: str, kind: ItemKind) -> tuple[int, int]:
        """Return how many of a run's items of a kind are done, and how many have failed."""
        of_kind = (ItemRow.run_id == run_id) & (ItemRow.kind == kind)
        counted = select(ItemRow.state, func.count().label("n")).group_by(ItemRow.state)
        with self._db.transaction() as session:
            states: dict[str, int] = {
                row.state: row.n for row in session.execute(counted.where(of_kind))
            }
        return sum(states.get(state, 0) for state in DONE), states.get("failed", 0)

    def failures_of_run(self, run_id: str) -> dict[str, int]:
        """Return how many items failed in a run, by reason."""
        return self._count_failures(ItemRow.run_id == run_id)

    def failures(self) -> dict[str, int]:
        """Return how many items failed and have not succeeded since, by reason."""
        return self._count_failures()

    def _count_failures(self, *conditions: Any) -> dict[str, int]:
        query = (
            select(ItemRow.reason, func.count())
            .where(ItemRow.state == "failed", *conditions)
            .group_by(ItemRow.reason)
            .order_by(ItemRow.reason)
        )
        with self._db.transaction() as session:
            return {str(reason): count for reason, count in session.execute(query)}

    def failure_examples(self, of_each: int) -> dict[str, list[dict[str, Any]]]:
        """Return some failed items by reason, those tried most often first, JSON-ready."""
        return {reason: self._examples(reason, of_each) for reason in self.failures()}

    def _examples(self, reason: str, limit: int) -> list[dict[str, Any]]:
        query = (
            select(ItemRow)
            .where(ItemRow.state == "failed", ItemRow.reason == reason)
            .order_by(ItemRow.attempts.desc(), ItemRow.key)
            .limit(limit)
        )
        with self._db.transaction() as session:
            return [
                {
                    "source": row.source,
                    "kind": row.kind,
                    "key": row.key,
                    "detail": row.detail,
                    "attempts": row.attempts,
                    "failed_at": row.updated_at.isoformat(),
                }
                for row in session.scalars(query)
            ]

    def states(self, run_id: str | None = None) -> dict[str, dict[str, int]]:
        """Return how many items are in each state, by kind; those of a run, or all."""
        of_run = () if run_id is None else (ItemRow.run_id == run_id,)
        query = (
            select(ItemRow.kind, ItemRow.state, func.count())
            .where(*of_run)
            .group_by(ItemRow.state, ItemRow.kind)  # as the index has them; an order would sort all
        )
        counts: dict[str, dict[str, int]] = {}
        with self._db.transaction() as session:
            for kind, state, count in sorted(session.execute(query).tuples()):
                counts.setdefault(kind, {})[state] = count
        return counts

    def fail_covers(self, reasons: Mapping[str, str]) -> None:
        """Record why covers, by cover_id, could not be embedded; their images are due again."""
        with self._db.transaction() as session:
            for cover_id, detail in reasons.items():
                session.execute(
                    update(ReleaseRow)
                    .where(ReleaseRow.cover_id == cover_id)
                    .values(cover_image_url=None)
                )
                session.execute(
                    update(ItemRow)
                    .where(ItemRow.kind == "cover", ItemRow.cover_id == cover_id)
                    .values(
                        state="failed",
                        reason=UNREADABLE,
                        detail=detail,
                        attempts=ItemRow.attempts + 1,
                        updated_at=now(),
                    )
                )
