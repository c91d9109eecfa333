"""The pace at which a host is asked by all crawls of a catalog together; on PostgreSQL alone.

Each request has a place in one row of times, by the database's clock: however many crawls there
are, places lie as far apart as the declared rate wants.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func

from cratewatch.catalog.database import Database
from cratewatch.catalog.schema_of_runs import PaceRow
from cratewatch.catalog.statements import insert_of


class Paces:
    """When each host may be asked next."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def reserve(self, host: str, interval_s: float) -> float:
        """Take the next place for a request; return the seconds until then.

        Args:
            interval_s: Until the place after it, whoever takes that.
        """
        after = func.greatest(PaceRow.next_s, _now_s()) + interval_s
        return max(0.0, self._put(host, _now_s() + interval_s, after) - interval_s)

    def hold(self, host: str, seconds: float) -> None:
        """Let nobody ask a host for a while; places that are taken already stay."""
        until = _now_s() + seconds
        self._put(host, until, func.greatest(PaceRow.next_s, until))

    def _put(self, host: str, first: ColumnElement[Any], then: ColumnElement[Any]) -> float:
        """Set when a host may be asked next, if for the first time or not; return in how long."""
        with self._db.transaction() as session:
            fresh = insert_of(session)(PaceRow).values(host=host, next_s=first)
            row = fresh.on_conflict_do_update(index_elements=["host"], set_={"next_s": then})
            return float(session.scalar(row.returning(PaceRow.next_s - _now_s())) or 0.0)


def _now_s() -> ColumnElement[Any]:
    return func.extract("epoch", func.clock_timestamp())
