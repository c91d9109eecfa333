"""Bulk import: Milvus reads files of rows by itself, faster than they could be sent."""

from __future__ import annotations

import io
import time
from typing import Any

import grpc
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cratewatch.catalog.facts import Facts
from cratewatch.embedding.arrays import Embeddings
from cratewatch.errors import CheckError
from cratewatch.gallery import connection
from cratewatch.gallery.connection import Connection, explained, unavailable
from cratewatch.gallery.index_building import STALLED_S
from cratewatch.gallery.milvus import MilvusException
from cratewatch.gallery.rows import refuse_broken
from cratewatch.gallery.schema import FACTS, FLAGS, LISTS, facts_as_fields, facts_of_fields

COMPLETED = "Completed"  # Persisted is not visible yet
FAILED = ("Failed", "Failed and cleaned")


def import_file(
    cover_ids: list[str], artwork_ids: list[str], embeddings: Embeddings, facts: list[Facts]
) -> bytes:
    """Return rows as the Parquet file that Milvus imports: lists of no fixed length.

    Args:
        embeddings: (N, dim) float32, L2-normalised.

    Raises:
        CheckError: if an embedding is not finite.
    """
    refuse_broken("the import", cover_ids, embeddings)
    dim = embeddings.shape[1]
    ends = pa.array(range(0, embeddings.size + 1, dim), pa.int32())
    values = pa.array(embeddings.reshape(-1), pa.float32())
    fields = [facts_as_fields(fact) for fact in facts]
    columns: dict[str, Any] = {
        "cover_id": pa.array(cover_ids, pa.string()),
        "artwork_id": pa.array(artwork_ids, pa.string()),
        "embedding": pa.ListArray.from_arrays(ends, values),
    }
    for name in LISTS:
        item = pa.int64() if name == "years" else pa.string()
        columns[name] = pa.array([field[name] for field in fields], pa.list_(item))
    for name in FLAGS:
        columns[name] = pa.array([field[name] for field in fields], pa.bool_())
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def read_import_file(data: bytes) -> tuple[list[str], list[str], Embeddings, list[Facts]]:
    """Return what import_file() was given."""
    table = pq.read_table(io.BytesIO(data))
    values = table["embedding"].combine_chunks().flatten()
    embeddings = np.asarray(values, np.float32).reshape(len(table), -1)
    facts = [facts_of_fields(row) for row in table.select(FACTS).to_pylist()]
    return table["cover_id"].to_pylist(), table["artwork_id"].to_pylist(), embeddings, facts


class Imports:
    """Has Milvus fill collections from files."""

    def __init__(self, milvus: Connection) -> None:
        self.milvus = milvus

    def run(self, collection: str, file: str) -> int:
        """Have Milvus read a file into a fresh collection; return how many rows it took.

        Not to be repeated into the same collection: an import does not deduplicate.

        Args:
            file: What import_file() made: its path on the server's disk, or its key in the
                server's own bucket.

        Raises:
            CheckError: if Milvus cannot read it, or gets no further for STALLED_S.
        """
        task = self._begin(collection, file)
        before, since = None, time.monotonic()
        while (state := self._state(task)).state_name != COMPLETED:
            if (said := (state.state_name, state.progress, state.row_count)) != before:
                before, since = said, time.monotonic()
            elif time.monotonic() - since > STALLED_S:
                raise CheckError(
                    f"gallery {self.milvus.uri}: the import of {file} gets no further for "
                    f"{STALLED_S:.0f} s ({state.state_name}); see to the server and its log, or "
                    "leave gallery_import_path out"
                )
            if state.state_name in FAILED:
                raise CheckError(
                    f"gallery {self.milvus.uri}: cannot import {file} ({state.failed_reason}); "
                    "let the server reach gallery_import_path, or leave that setting out"
                )
            time.sleep(connection.PAUSE_S)
        return int(state.row_count)

    def _begin(self, collection: str, file: str) -> int:
        """Begin; without another try of ours, as the first one may have been heard."""
        # MilvusClient 3.0 has no call of its own for Milvus 2.3.
        server = self.milvus.client._get_connection()
        name = self.milvus.names.full(collection)
        try:
            return int(server.do_bulk_insert(name, "", [file], timeout=connection.CALL_TIMEOUT_S))
        except (MilvusException, grpc.RpcError) as error:
            raise unavailable(self.milvus.uri, error) from error

    @explained
    def _state(self, task: int) -> Any:
        server = self.milvus.client._get_connection()
        return server.get_bulk_insert_state(task, timeout=connection.CALL_TIMEOUT_S)
