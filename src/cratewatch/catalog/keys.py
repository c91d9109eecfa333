"""Keys of the service, and sessions of browsers: only digests of either are kept."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from cratewatch.catalog.database import Database, now
from cratewatch.catalog.records import storable
from cratewatch.catalog.schema_of_people import KeyRow, SessionRow
from cratewatch.clocks import AHEAD
from cratewatch.errors import CratewatchError, NotFoundError

SCOPES = ("identify", "catalog", "nights", "footage", "metrics")
SECRET_BYTES = 32
"""So many that a plain digest of them cannot be turned back."""
FORM = re.compile(r"cw_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
MOST_NAME = 64
RATE_PER_MIN = 600


@dataclass(frozen=True)
class Key:
    """Who asks, and what for.

    Attributes:
        scopes: What it opens.
        rate_per_min: Requests that it may make.
    """

    key_id: str
    name: str
    scopes: tuple[str, ...]
    rate_per_min: int
    made_at: datetime
    revoked_at: datetime | None = None


class Keys:
    """The book of keys."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, name: str, scopes: Sequence[str], rate_per_min: int = RATE_PER_MIN) -> str:
        """Make a key and return it; it cannot be read again.

        Raises:
            CratewatchError: if the name is empty, long, or that of a key that is valid, or a scope
                is none of SCOPES.
        """
        if unknown := next((scope for scope in scopes if scope not in SCOPES), None):
            raise CratewatchError(f"keys: {unknown!r} is no scope; there are {', '.join(SCOPES)}")
        name = storable(name).strip()
        if not 0 < len(name) <= MOST_NAME:
            raise CratewatchError(f"keys: a name has 1 to {MOST_NAME} characters; give another")
        if any(key.name == name and key.revoked_at is None for key in self.all()):
            raise CratewatchError(f"keys: {name!r} is there; revoke it, or take another name")
        key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(SECRET_BYTES)
        row = KeyRow(
            key_id=key_id,
            name=name,
            digest=_digest(secret),
            scopes=list(scopes),
            rate_per_min=rate_per_min,
            made_at=now(),
        )
        with self._db.transaction() as session:
            session.add(row)
        return f"cw_{key_id}_{secret}"

    def all(self) -> list[Key]:
        """Return every key that was made, the oldest first."""
        with self._db.transaction() as session:
            return [_key(row) for row in session.scalars(select(KeyRow).order_by(KeyRow.made_at))]

    def any(self) -> bool:
        """Whether a key was ever made; one that is revoked counts."""
        with self._db.transaction() as session:
            return bool(session.scalar(select(func.count()).select_from(KeyRow)))

    def revoke(self, name: str) -> Key:
        """Revoke the valid key of a name or key_id, and end its sessions.

        Raises:
            NotFoundError: if there is none.
        """
        valid = [key for key in self.all() if key.revoked_at is None]
        found = next((key for key in valid if name in (key.name, key.key_id)), None)
        if found is None:
            there = ", ".join(key.name for key in valid) or "none"
            raise NotFoundError(f"keys: no valid key is called {name!r}; there is {there}")
        with self._db.transaction() as session:
            session.get_one(KeyRow, found.key_id).revoked_at = now()
            session.execute(delete(SessionRow).where(SessionRow.key_id == found.key_id))
        return found

    def find(self, text: str) -> Key | None:
        """Return the key that somebody shows; None if it is none, wrong or revoked."""
        form = FORM.fullmatch(text)
        if form is None:
            return None
        with self._db.transaction() as session:
            row = session.get(KeyRow, form[1])
            if row is None or row.revoked_at is not None:
                return None
            return _key(row) if hmac.compare_digest(row.digest, _digest(form[2])) else None

    def open_session(self, key: Key, lasting: timedelta) -> str:
        """Let a browser in by a key; return what it shows from now on."""
        token = secrets.token_urlsafe(SECRET_BYTES)
        with self._db.transaction() as session:
            session.execute(delete(SessionRow).where(SessionRow.ends_at < now()))
            row = SessionRow(digest=_digest(token), key_id=key.key_id, ends_at=now() + lasting)
            session.add(row)
        return token

    def of_session(self, token: str, lasting: timedelta) -> Key | None:
        """Return the key that opened a session; None if it has ended or never was.

        Args:
            lasting: What a session lasts at most. One that would last longer was opened by a
                clock that was wrong: it has ended.
        """
        with self._db.transaction() as session:
            found = session.get(SessionRow, _digest(token))
            if found is None or not now() <= found.ends_at <= now() + lasting + AHEAD:
                return None
            row = session.get(KeyRow, found.key_id)
            return _key(row) if row is not None and row.revoked_at is None else None

    def end_session(self, token: str) -> None:
        """Forget a session."""
        with self._db.transaction() as session:
            session.execute(delete(SessionRow).where(SessionRow.digest == _digest(token)))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(row: KeyRow) -> Key:
    return Key(
        key_id=row.key_id,
        name=row.name,
        scopes=tuple(row.scopes),
        rate_per_min=row.rate_per_min,
        made_at=row.made_at,
        revoked_at=row.revoked_at,
    )
