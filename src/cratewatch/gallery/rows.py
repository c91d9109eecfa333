"""Rows of a collection: written by deduplicated upserts, read back for checks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from cratewatch.catalog.facts import Facts
from cratewatch.chunks import chunks
from cratewatch.embedding.arrays import Embeddings
from cratewatch.errors import CheckError
from cratewatch.gallery import connection
from cratewatch.gallery.connection import Connection, explained
from cratewatch.gallery.schema import FACTS, facts_as_fields, facts_of_fields

LOAD_BATCH = 1000
READ_BATCH = 1000
Consistency = Literal["Strong", "Bounded", "Eventually"]
"""Strong sees all writes, Bounded may miss those of the last seconds."""


@dataclass(frozen=True)
class GalleryRow:
    """A cover as a collection holds it.

    Attributes:
        embedding: (dim,) float32; None unless it was asked for.
    """

    cover_id: str
    artwork_id: str
    facts: Facts
    embedding: Embeddings | None


class Rows:
    """What collections hold."""

    def __init__(self, milvus: Connection) -> None:
        self.milvus = milvus

    @explained
    def upsert(
        self,
        collection: str,
        cover_ids: Sequence[str],
        artwork_ids: Sequence[str],
        embeddings: Embeddings,
        facts: Sequence[Facts] = (),
    ) -> int:
        """Insert covers, or replace them; ids must not repeat within one call.

        Args:
            embeddings: (N, dim) float32, L2-normalised.
            facts: Of each cover, for filters; those of a cover without releases by default.

        Returns:
            How many rows Milvus acknowledged.

        Raises:
            CheckError: if an embedding is not finite, or not all rows were acknowledged.
        """
        if len(set(cover_ids)) != len(cover_ids):
            raise ValueError("a cover id repeats; Milvus would store it twice")
        refuse_broken(collection, cover_ids, embeddings)
        if not cover_ids:
            return 0
        rows = [
            {"cover_id": cover, "artwork_id": artwork, "embedding": embedding}
            | facts_as_fields(fact)
            for cover, artwork, embedding, fact in zip(
                cover_ids, artwork_ids, embeddings, facts or [Facts()] * len(cover_ids), strict=True
            )
        ]
        return sum(self._upsert(collection, batch) for batch in chunks(rows, LOAD_BATCH))

    def _upsert(self, collection: str, rows: list[dict[str, Any]]) -> int:
        name = self.milvus.names.full(collection)
        answer = self.milvus.client.upsert(name, rows, timeout=connection.CALL_TIMEOUT_S)
        acknowledged = int(answer["upsert_count"])
        if acknowledged != len(rows):
            raise CheckError(
                f"gallery {self.milvus.uri}: of {len(rows)} rows for {name} Milvus acknowledged "
                f"{acknowledged}; see to the server, then run the same command again"
            )
        return acknowledged

    @explained
    def delete(self, collection: str, cover_ids: Sequence[str]) -> None:
        """Delete covers."""
        name = self.milvus.names.full(collection)
        for batch in chunks(cover_ids, LOAD_BATCH):
            self.milvus.client.delete(name, ids=batch, timeout=connection.CALL_TIMEOUT_S)

    def cover_ids(self, collection: str) -> Iterator[str]:
        """Yield the id of every row, in order, all writes before included; in bounded memory."""
        self.count(collection)  # pymilvus' iterator takes no consistency; what this saw, it sees
        last = ""
        while batch := self._ids_after(collection, last):
            yield from batch
            last = batch[-1]

    @explained
    def _ids_after(self, collection: str, last: str) -> list[str]:
        """Return the next ids; by pages of our own, as pymilvus' iterator outlives no restart."""
        rows = self.milvus.client.query_iterator(
            self.milvus.names.full(collection),
            filter=f'cover_id > "{last}"',
            batch_size=READ_BATCH,
            limit=READ_BATCH,
            output_fields=["cover_id"],
            timeout=connection.CALL_TIMEOUT_S,
        )
        found = [str(row["cover_id"]) for row in rows.next()]
        rows.close()
        return sorted(found)

    def read(
        self, collection: str, cover_ids: Sequence[str], *, embeddings: bool = False
    ) -> Iterator[GalleryRow]:
        """Yield the rows of covers that are there, all writes before included, in any order."""
        fields = ["artwork_id", *FACTS, *(["embedding"] * embeddings)]
        consistency: Consistency = "Strong"
        for batch in chunks(cover_ids, READ_BATCH):
            for row in self._read(collection, batch, fields, consistency):
                yield GalleryRow(
                    cover_id=str(row["cover_id"]),
                    artwork_id=str(row["artwork_id"]),
                    facts=facts_of_fields(row),
                    embedding=np.asarray(row["embedding"], np.float32) if embeddings else None,
                )
            consistency = "Bounded"  # what the first saw, the others see

    @explained
    def _read(
        self, collection: str, cover_ids: list[str], fields: list[str], consistency: str
    ) -> Any:
        return self.milvus.client.query(
            self.milvus.names.full(collection),
            filter=f"cover_id in {cover_ids}",
            output_fields=fields,
            consistency_level=consistency,
            timeout=connection.CALL_TIMEOUT_S,
        )

    @explained
    def flush(self, collection: str) -> None:
        """Make what was upserted durable."""
        self.milvus.client.flush(
            self.milvus.names.full(collection), timeout=connection.LOAD_TIMEOUT_S
        )

    @explained
    def count(self, collection: str, consistency: Consistency = "Strong") -> int:
        """Return the number of covers that a search would see, by default all writes included."""
        rows = self.milvus.client.query(
            self.milvus.names.full(collection),
            filter="",
            output_fields=["count(*)"],
            consistency_level=consistency,
            timeout=connection.CALL_TIMEOUT_S,
        )
        return int(rows[0]["count(*)"])


def refuse_broken(collection: str, cover_ids: Sequence[str], embeddings: Embeddings) -> None:
    """Raise CheckError if an embedding is not finite: Milvus would store it."""
    broken = np.flatnonzero(~np.isfinite(embeddings).all(axis=1))
    if len(broken):
        raise CheckError(
            f"gallery: {len(broken)} embeddings for {collection} are not finite, first of cover "
            f"{cover_ids[broken[0]]}; the model is broken: train again, or name another by "
            "`cratewatch index --model`"
        )
