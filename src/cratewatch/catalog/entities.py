"""Masters, artists and labels, as dumps tell of them: which label is below which, for example."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from cratewatch.catalog.database import ROWS_AT_ONCE, Database
from cratewatch.catalog.digests import forget
from cratewatch.catalog.records import MAX_GENRES, MAX_TEXT, storable
from cratewatch.catalog.schema import EntityRow
from cratewatch.catalog.statements import upsert
from cratewatch.chunks import chunks


@dataclass(frozen=True, kw_only=True)
class Entity:
    """A master, an artist or a label.

    Attributes:
        name: Of a master its title.
        belongs_to: Of a label the number of the one above it, of a master that of its main
            release; None of others.
        other_names: Spellings of an artist that are on sleeves.
        year: Of a master.
    """

    kind: str
    native_id: int
    name: str
    belongs_to: int | None = None
    other_names: tuple[str, ...] = ()
    year: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", storable(self.name)[:MAX_TEXT])
        names = (storable(name)[:MAX_TEXT] for name in self.other_names[:MAX_GENRES])
        object.__setattr__(self, "other_names", tuple(names))


class Entities:
    """The transactions of masters, artists and labels; write() is for use within another one."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def keep_only(self, source: str, kind: str, is_there: Callable[[str], bool]) -> int:
        """Delete those of a kind that are not there any more; return how many."""
        of_kind = (EntityRow.source == source) & (EntityRow.kind == kind)
        query = select(EntityRow.native_id).where(of_kind)
        with self._db.transaction() as session:
            numbers = session.scalars(query.execution_options(yield_per=ROWS_AT_ONCE))
            gone = [number for number in numbers if not is_there(str(number))]
        for part in chunks(gone, ROWS_AT_ONCE):
            with self._db.transaction() as session:
                session.execute(delete(EntityRow).where(of_kind, EntityRow.native_id.in_(part)))
                forget(session, source, kind, map(str, part))
        return len(gone)

    def count(self, source: str, kind: str) -> int:
        """Return how many of a kind are known."""
        query = select(func.count()).select_from(EntityRow)
        with self._db.transaction() as session:
            found = query.where(EntityRow.source == source, EntityRow.kind == kind)
            return session.scalar(found) or 0

    def labels_below(self, source: str, names: Iterable[str]) -> list[str]:
        """Return the names of all labels below some, these left out, sorted."""
        of_labels = (EntityRow.source == source) & (EntityRow.kind == "label")
        found: dict[int, str] = {}
        with self._db.transaction() as session:
            folded = {name.casefold() for name in names}
            # letters' case is compared here: databases fold other letters than ASCII differently
            rows = session.execute(select(EntityRow.native_id, EntityRow.name).where(of_labels))
            todo = [number for number, name in rows if name.casefold() in folded]
            seen = set(todo)
            while todo:
                todo = _below(session, of_labels, todo, found)
                todo = [number for number in todo if number not in seen]
                seen.update(todo)
        return sorted(set(found.values()))


def _below(
    session: Session, of_labels: Any, above: Sequence[int], found: dict[int, str]
) -> list[int]:
    below: dict[int, str] = {}
    for part in chunks(above, ROWS_AT_ONCE):
        query = select(EntityRow.native_id, EntityRow.name)
        rows = session.execute(query.where(of_labels, EntityRow.belongs_to.in_(part)))
        below.update((row.native_id, row.name) for row in rows)
    found |= below
    return list(below)


def write(session: Session, source: str, entities: Sequence[Entity]) -> None:
    """Write entities of a source, in the caller's transaction."""
    latest = {(entity.kind, entity.native_id): entity for entity in entities}
    rows = [
        asdict(entity) | {"source": source, "other_names": list(entity.other_names)}
        for entity in latest.values()
    ]
    upsert(session, EntityRow, rows)
