"""The alias: which collection readers use."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from cratewatch.errors import NotFoundError
from cratewatch.gallery import connection
from cratewatch.gallery.connection import Connection, explained, is_missing
from cratewatch.gallery.milvus import MilvusException
from cratewatch.gallery.owners import as_owner, require_ours
from cratewatch.gallery.properties import READY, SERVED_UNTIL, STATE, dates_of, note


class Alias:
    """One tenant's alias.

    Attributes:
        moved_at: When this process moved it last, by time.monotonic().
    """

    def __init__(self, milvus: Connection) -> None:
        self.milvus = milvus
        self.moved_at = 0.0

    @explained
    def serving(self) -> str | None:
        """Return the collection that it points to, None before the first.

        Raises:
            SettingsError: if that is another catalog's.
        """
        collection = self._target()
        if collection is not None:
            require_ours(self.milvus, collection)
        return collection

    @explained
    def points_at(self, collection: str) -> bool:
        """Whether that is the collection that readers use, whosever they are."""
        return self._target() == collection

    def _target(self) -> str | None:
        client, names = self.milvus.client, self.milvus.names
        try:
            found = client.describe_alias(names.alias, timeout=connection.CALL_TIMEOUT_S)
        except MilvusException as error:
            if is_missing(error):
                return None
            raise
        return names.ours([found["collection_name"]])[0]

    def require_serving(self, or_else: str = "") -> str:
        """Return the collection that it points to.

        Args:
            or_else: What could be done instead of indexing, for the message.

        Raises:
            NotFoundError: before the first.
            SettingsError: if that is another catalog's.
        """
        serving = self.serving()
        if serving is None:
            raise nothing_indexed(self.milvus, or_else)
        return serving

    @explained
    def point_to(self, collection: str) -> None:
        """Let readers use a collection from now on; note until when they used the other.

        Raises:
            SettingsError: if either is another catalog's.
        """
        before = self.serving()
        require_ours(self.milvus, collection)
        name, alias = self.milvus.names.full(collection), self.milvus.names.alias
        if before is None:
            self.milvus.client.create_alias(name, alias, timeout=connection.CALL_TIMEOUT_S)
        elif before != collection:
            note(self.milvus, before, {SERVED_UNTIL: self._moment().isoformat(), STATE: READY})
            self.milvus.client.alter_alias(name, alias, timeout=connection.CALL_TIMEOUT_S)
        self.moved_at = time.monotonic()
        note(self.milvus, collection, {SERVED_UNTIL: "", STATE: READY} | as_owner(self.milvus))

    def _moment(self) -> datetime:
        """Return now; where the clock is behind, a moment after all that was noted before."""
        found = self.milvus.client.list_collections(timeout=connection.CALL_TIMEOUT_S)
        noted = [date for name in self.milvus.names.ours(found) for date in self._dates(name)]
        return max([datetime.now(UTC), *(date + timedelta(microseconds=1) for date in noted)])

    def _dates(self, collection: str) -> list[datetime]:
        name = self.milvus.names.full(collection)
        found = self.milvus.client.describe_collection(name, timeout=connection.CALL_TIMEOUT_S)
        return dates_of(found.get("properties") or {})


def nothing_indexed(milvus: Connection, or_else: str = "") -> NotFoundError:
    """Return what is said before the first index."""
    return NotFoundError(
        f"gallery {milvus.uri}: nothing is indexed yet; import covers "
        "(`cratewatch import FOLDER`) or refresh a source, then run `cratewatch index`" + or_else
    )
