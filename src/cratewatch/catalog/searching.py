"""Looks for releases by their words, the best first, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Select, column, select, table, text
from sqlalchemy.orm import Session

from cratewatch.catalog.browsing import Query, by_name, listed
from cratewatch.catalog.database import ROWS_AT_ONCE, Database
from cratewatch.catalog.facts import admits
from cratewatch.catalog.records import ListedRelease
from cratewatch.catalog.schema import ReleaseRow
from cratewatch.catalog.words import DUE, IDS, INDEX, catch_up, words_match

MOST_RANKED = 5000
"""Releases of which the best are told, where nothing but words is asked: a tenth of a second."""
CAUGHT_UP_AT_ONCE = 5000
"""Few enough for other writers to come in between."""
_INDEX = table(INDEX, column("rowid"), column("rank"))
_IDS = table(IDS, column("id"), column("release_id"))


@dataclass(frozen=True)
class ReleasesPage:
    """Some of the releases that were found.

    Attributes:
        more: Whether others follow.
    """

    releases: tuple[ListedRelease, ...]
    more: bool


class Search:
    """Finds releases in which words stand, or begin: of artist, title, label, catno, barcode."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def catch_up(self) -> int:
        """Index what was written since the last time; return how many releases that were.

        PostgreSQL does so by itself.
        """
        done = 0
        while part := self._catch_up():
            done += part
        return done

    def _catch_up(self) -> int:
        with self._db.transaction() as session:
            if session.get_bind().dialect.name != "sqlite":
                return 0
            some = text(f"SELECT count(*) FROM (SELECT 1 FROM {DUE} LIMIT {CAUGHT_UP_AT_ONCE})")  # noqa: S608  names of our own
            due = session.scalar(some) or 0
            if due:
                for statement in catch_up(CAUGHT_UP_AT_ONCE):
                    session.execute(text(statement))
            return int(due)

    def releases(self, query: Query, limit: int, offset: int = 0) -> ReleasesPage:
        """Return a page of what is found and was caught up, the best first; without words by name.

        Args:
            query: Its text and what is wanted count.
        """
        with self._db.transaction() as session:
            selected = _found(session, query)
            if selected is None:
                return ReleasesPage((), more=False)
            rows = session.execute(selected.execution_options(yield_per=ROWS_AT_ONCE))
            found = (row.to_listed(offer) for row, offer in rows)
            admitted = (one for one in found if admits(query.wanted, one))
            page = list(islice(admitted, offset, offset + limit + 1))
        return ReleasesPage(tuple(page[:limit]), more=len(page) > limit)


def _found(session: Session, query: Query) -> Select[Any] | None:
    selected = listed(query.wanted)
    if not query.text.strip():
        return selected.order_by(*by_name())
    dialect = session.get_bind().dialect.name
    matching = words_match(dialect, query.text)
    if matching is None:
        return None
    if dialect != "sqlite":
        return selected.where(matching).order_by(*by_name())
    best = select(_INDEX.c.rowid, _INDEX.c.rank).where(matching)
    ranked = (best if query.wanted.asks else best.limit(MOST_RANKED)).subquery()
    joined = selected.join(_IDS, _IDS.c.release_id == ReleaseRow.release_id).join(
        ranked, ranked.c.rowid == _IDS.c.id
    )
    return joined.order_by(ranked.c.rank, *by_name())
