"""Rows of a collection: written by deduplicated upserts, read back for checks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from cratewatch.catalog.facts import Facts
from cratewatch.embedding.arrays import Embeddings
from cratewatch.errors import CheckError
from cratewatch.gallery import connection
from cratewatch.gallery.collections import Collections
from cratewatch.gallery.connection import explained
from cratewatch.gallery.schema import FACTS, facts_as_fields, facts_of_fields

LOAD_BATCH = 1000
READ_BATCH = 1000
Consistency = Literal["Strong", "Bounded", "Eventually"]
"""Strong sees all writes, Bounded may miss those of the last seconds."""


@dataclass(frozen=True)
class GalleryRow:
    """A cover as a collection holds it.

    Attributes:
        facts: None in a collection of the first version.
        embedding: (dim,) float32; None unless it was asked for.
    """

    cover_id: str
    artwork_id: str
    facts: Facts | None
    embedding: Embeddings | None


class Rows(Collections):
    """What collections hold."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._with_facts: dict[str, bool] = {}

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
            facts: Of each cover, for filters; those of a cover without releases by default. A
                collection of the first version does without.

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
        rows: list[dict[str, Any]] = [
            {"cover_id": cover, "artwork_id": artwork, "embedding": embedding}
            for cover, artwork, embedding in zip(cover_ids, artwork_ids, embeddings, strict=True)
        ]
        if self._has_facts(collection):
            for row, fact in zip(rows, facts or [Facts()] * len(rows), strict=True):
                row |= facts_as_fields(fact)
        return sum(
            self._upsert(collection, rows[start : start + LOAD_BATCH])
            for start in range(0, len(rows), LOAD_BATCH)
        )

    def _upsert(self, collection: str, rows: list[dict[str, Any]]) -> int:
        name = self._names.full(collection)
        answer = self._client.upsert(name, rows, timeout=connection.CALL_TIMEOUT_S)
        acknowledged = int(answer["upsert_count"])
        if acknowledged != len(rows):
            raise CheckError(
                f"gallery {self.uri}: of {len(rows)} rows for {name} Milvus acknowledged "
                f"{acknowledged}; see to the server, then run the same command again"
            )
        return acknowledged

    def _has_facts(self, collection: str) -> bool:
        if collection not in self._with_facts:
            self._with_facts[collection] = self.describe(collection).has_facts
        return self._with_facts[collection]

    @explained
    def delete(self, collection: str, cover_ids: Sequence[str]) -> None:
        """Delete covers."""
        for start in range(0, len(cover_ids), LOAD_BATCH):
            self._client.delete(
                self._names.full(collection),
                ids=list(cover_ids[start : start + LOAD_BATCH]),
                timeout=connection.CALL_TIMEOUT_S,
            )

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
        rows = self._client.query_iterator(
            self._names.full(collection),
            filter=f'cover_id > "{last}"',
            batch_size=READ_BATCH,
            limit=READ_BATCH,
            output_fields=["cover_id"],
            timeout=connection.CALL_TIMEOUT_S,
        )
        found = [str(row["cover_id"]) for row in rows.next()]
        rows.close()
        return sorted(found)

    def rows(
        self, collection: str, cover_ids: Sequence[str], *, embeddings: bool = False
    ) -> Iterator[GalleryRow]:
        """Yield the rows of covers that are there, all writes before included, in any order."""
        has_facts = self._has_facts(collection)
        fields = ["artwork_id", *(FACTS if has_facts else ()), *(["embedding"] * embeddings)]
        for start in range(0, len(cover_ids), READ_BATCH):
            batch = list(cover_ids[start : start + READ_BATCH])
            for row in self._rows(collection, batch, fields, "Bounded" if start else "Strong"):
                yield GalleryRow(
                    cover_id=str(row["cover_id"]),
                    artwork_id=str(row["artwork_id"]),
                    facts=facts_of_fields(row) if has_facts else None,
                    embedding=np.asarray(row["embedding"], np.float32) if embeddings else None,
                )

    @explained
    def _rows(
        self, collection: str, cover_ids: list[str], fields: list[str], consistency: str
    ) -> Any:
        return self._client.query(
            self._names.full(collection),
            filter=f"cover_id in {cover_ids}",
            output_fields=fields,
            consistency_level=consistency,
            timeout=connection.CALL_TIMEOUT_S,
        )

    @explained
    def flush(self, collection: str) -> None:
        """Make what was upserted durable."""
        self._client.flush(self._names.full(collection), timeout=connection.LOAD_TIMEOUT_S)

    @explained
    def count(self, collection: str, consistency: Consistency = "Strong") -> int:
        """Return the number of covers that a search would see, by default all writes included."""
        rows = self._client.query(
            self._names.full(collection),
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
