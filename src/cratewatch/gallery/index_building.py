"""Has Milvus index a collection, and keeps how it is searched."""

from __future__ import annotations

import time
from collections.abc import Callable

from cratewatch.errors import CheckError
from cratewatch.gallery import connection
from cratewatch.gallery.connection import Connection, explained
from cratewatch.gallery.indexes import IndexChoice, TunedIndex
from cratewatch.gallery.properties import INDEX, index_as_text, note

METRIC = "COSINE"
STALLED_S = 1800.0  # a segment of half a GB takes minutes on few cores


class Indexes:
    """The indexes of one tenant's collections."""

    def __init__(self, milvus: Connection) -> None:
        self.milvus = milvus

    @explained
    def build(self, collection: str, choice: IndexChoice) -> None:
        """Begin to index what the collection holds and will hold, unless that has begun."""
        client, name = self.milvus.client, self.milvus.names.full(collection)
        if client.list_indexes(name, timeout=connection.CALL_TIMEOUT_S):
            return
        index = client.prepare_index_params()
        index.add_index(
            field_name="embedding",
            index_type=choice.kind,
            metric_type=METRIC,
            params=dict(choice.build),
        )
        client.create_index(name, index, sync=False, timeout=connection.CALL_TIMEOUT_S)

    def wait_for(
        self, collection: str, on_wait: Callable[[str], None] = lambda _left: None
    ) -> None:
        """Return once no flushed row waits for its index.

        Args:
            on_wait: Called with what is left to do, as text, for as long as there is some.

        Raises:
            CheckError: if nothing gets ahead for STALLED_S: Milvus tries for ever what it cannot
                build.
        """
        before, since = "", time.monotonic()
        while state := self._pending(collection):
            if state != before:
                before, since = state, time.monotonic()
                on_wait(state)
            elif time.monotonic() - since > STALLED_S:
                raise CheckError(
                    f"gallery {self.milvus.uri}: the index of "
                    f"{self.milvus.names.full(collection)} gets no further for {STALLED_S:.0f} s "
                    f"({state}); see to the server and its log, or choose another gallery_index"
                )
            time.sleep(connection.PAUSE_S)

    @explained
    def _pending(self, collection: str) -> str:
        """Return what is left to index, as text."""
        client, name = self.milvus.client, self.milvus.names.full(collection)
        for index in client.list_indexes(name, timeout=connection.CALL_TIMEOUT_S):
            found = client.describe_index(name, index, timeout=connection.CALL_TIMEOUT_S)
            if found["state"] == "Finished" and not found["pending_index_rows"]:
                return ""
            return f"{found['state']}, {found['pending_index_rows']} rows to go"
        return "it has none"

    @explained
    def keep(self, collection: str, index: TunedIndex) -> None:
        """Record how the collection is searched."""
        note(self.milvus, collection, {INDEX: index_as_text(index)})
