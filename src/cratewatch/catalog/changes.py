"""What each run changed, would have changed, and could not do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, literal, null, select, tuple_
from sqlalchemy.orm import Session

from cratewatch.catalog.database import Database
from cratewatch.catalog.schema import ReleaseRow
from cratewatch.catalog.schema_of_runs import ChangeRow, ItemRow

PAGE_ROWS = 1000
CHANGED = ("new", "changed", "withdrawn")
FAILED = "failed"
KINDS = (*CHANGED, FAILED)


@dataclass(frozen=True)
class Change:
    """One difference that a run made, or one failure.

    Attributes:
        kind: new, changed, withdrawn, or failed.
        release_id: None for a failure.
        field: What changed; of a failure what failed: page, cover or listing.
        address: The release's page, or the address of what failed.
        detail: Of a failure: its reason, a colon and the message.
    """

    run_id: str
    source: str
    kind: str
    release_id: str | None
    artist: str | None
    title: str | None
    field: str | None
    before: str | None
    after: str | None
    address: str | None
    detail: str | None

    def __str__(self) -> str:
        """Say it in a line."""
        begin = f"{self.kind:<9}  "
        if self.release_id is None:
            return f"{begin}{self.field} {self.address}: {self.detail}"
        named = " \u2013 ".join(filter(None, (self.artist, self.title)))
        if self.field is None:
            return f"{begin}{self.release_id}  {named}"
        before, after = ("nothing" if v in (None, "") else v for v in (self.before, self.after))
        return f"{begin}{self.release_id}  {named}: {self.field} {before} \u2192 {after}"


class Changes:
    """The kept differences of the runs; comparing.py writes them."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def of(self, run_id: str, kinds: Sequence[str] = KINDS) -> Iterator[Change]:
        """Yield what a run changed and what failed in it, kind by kind, read in pages."""
        for kind in kinds:
            last = ("", "")
            while rows := self._page(run_id, kind, last):
                yield from map(_change, rows)
                last = (rows[-1][0].key, rows[-1][0].field)

    def _page(self, run_id: str, kind: str, after: tuple[str, str]) -> list[Row[Any]]:
        place = tuple_(ChangeRow.key, ChangeRow.field)
        query = (
            select(ChangeRow, ReleaseRow.artist, ReleaseRow.title, ReleaseRow.page_url)
            .outerjoin(ReleaseRow, ReleaseRow.release_id == ChangeRow.key)
            .where(ChangeRow.run_id == run_id, ChangeRow.kind == kind, place > after)
            .order_by(ChangeRow.key, ChangeRow.field)
            .limit(PAGE_ROWS)
        )
        with self._db.transaction() as session:
            return list(session.execute(query).all())

    def keep_failures(self, run_id: str) -> None:
        """Keep what failed in a run so far, as its end does."""
        with self._db.transaction() as session:
            note_failures(session, run_id)

    def forget_before(self, moment: datetime) -> None:
        """Forget what changed in runs that began earlier; a run_id begins with its time."""
        with self._db.transaction() as session:
            session.execute(delete(ChangeRow).where(ChangeRow.run_id < f"{moment:%Y%m%dT%H%M%S}"))


def _change(found: Row[Any]) -> Change:
    row, artist, title, page_url = found
    failed, changed = row.kind == "failed", row.kind == "changed"
    return Change(
        run_id=row.run_id,
        source=row.source,
        kind=row.kind,
        release_id=None if failed else row.key,
        artist=row.artist or artist,
        title=title if failed or changed else title or row.after or row.before,
        field=row.field if failed or changed else None,
        before=row.before if changed else None,
        after=row.after if changed else None,
        address=row.key if failed else row.address or page_url,
        detail=row.after if failed else None,
    )


def note_failures(session: Session, run_id: str) -> None:
    """Keep what failed in a run: the ledger forgets it when a later run takes the item up."""
    of_run = (ChangeRow.run_id == run_id) & (ChangeRow.kind == "failed")
    session.execute(delete(ChangeRow).where(of_run))
    said = ItemRow.reason + ": " + func.coalesce(ItemRow.detail, "")
    failures = select(
        ItemRow.run_id, literal("failed"), ItemRow.key, ItemRow.kind, ItemRow.source, null(), said
    ).where(ItemRow.run_id == run_id, ItemRow.state == "failed")
    columns = ("run_id", "kind", "key", "field", "source", "before", "after")
    session.execute(insert(ChangeRow).from_select(columns, failures))
