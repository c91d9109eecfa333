"""The audit: who took what out of the house or searched for whom; the database keeps each row."""

from __future__ import annotations

import contextlib
import getpass
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select

from cratewatch.catalog.database import ROWS_AT_ONCE, Database, now
from cratewatch.catalog.records import MAX_TEXT, storable
from cratewatch.catalog.schema_of_people import AuditRow


@dataclass(frozen=True)
class Export:
    """Something that was written for people to take away.

    Attributes:
        who: User and machine.
        what: What was exported: intent or footage; words of a search for persons.
        target: The file or folder that it went to, or that was searched.
        detail: What it is about, such as its days, or the prompt.
        rows: How many albums, handlings or persons it tells of.
    """

    at: datetime
    who: str
    what: str
    target: str
    detail: str
    rows: int


class Audit:
    """The audit's transactions; there is none that changes a row."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def note(self, what: str, target: str, detail: str, rows: int, who: str = "") -> None:
        """Add a row, of now.

        Args:
            who: Whoever runs this process, by default.
        """
        text = {"target": storable(target)[:MAX_TEXT], "detail": storable(detail)[:MAX_TEXT]}
        values = {
            "at": now(),
            "who": storable(who)[:MAX_TEXT] or whoever(),
            "what": what,
            "rows": rows,
            **text,
        }
        with self._db.transaction() as session:
            session.execute(insert(AuditRow).values(values))

    def since(self, moment: datetime | None = None) -> Iterator[Export]:
        """Yield the rows from a moment on, the oldest first."""
        query = select(AuditRow).order_by(AuditRow.audit_id)
        if moment is not None:
            query = query.where(AuditRow.at >= moment)
        with self._db.transaction() as session:
            for row in session.scalars(query.execution_options(yield_per=ROWS_AT_ONCE)):
                yield Export(row.at, row.who, row.what, row.target, row.detail, row.rows)

    def targets(self, what: str, limit: int) -> list[str]:
        """Return the files or folders to which something was exported, the newest first."""
        newest = func.max(AuditRow.audit_id)
        query = select(AuditRow.target).where(AuditRow.what == what).group_by(AuditRow.target)
        with self._db.transaction() as session:
            return list(session.scalars(query.order_by(newest.desc()).limit(limit)))


def whoever() -> str:
    """Return user and machine; a user whom the machine does not know by number alone."""
    user = "unknown"
    with contextlib.suppress(OSError, KeyError):
        user = getpass.getuser()
    return storable(f"{user}@{socket.gethostname()}")[:MAX_TEXT]
