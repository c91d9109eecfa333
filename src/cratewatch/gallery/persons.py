"""Collections of persons: one for each model of texts and pictures, an alias for readers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import Any

from cratewatch.chunks import chunks
from cratewatch.embedding.arrays import Embeddings
from cratewatch.errors import CheckError, NotFoundError
from cratewatch.gallery import connection
from cratewatch.gallery.alias import Alias
from cratewatch.gallery.collections import Collections
from cratewatch.gallery.connection import Connection, explained
from cratewatch.gallery.gallery import Gallery
from cratewatch.gallery.index_building import METRIC, Indexes
from cratewatch.gallery.indexes import IndexSetting, TunedIndex, choose_index, wide_enough
from cratewatch.gallery.names import PERSONS, model_of
from cratewatch.gallery.person_rows import (
    FIELDS,
    PersonHit,
    PersonRow,
    PersonsWanted,
    any_of,
    ids_of,
    make_person_schema,
    person_fields,
    person_filter,
    person_of,
)
from cratewatch.gallery.properties import Described
from cratewatch.gallery.rows import Consistency, refuse_broken
from cratewatch.secret_url import SecretUrl

BATCH = 1000
MOST_HITS = 16_384
"""What Milvus answers with at most."""
EFFORT = {"ef": 256}
"""Of a search of an HNSW index: recall@10 is .98 at a million rows."""


class Persons:
    """Collections of persons on an open gallery; what Milvus refuses is an UnavailableError.

    Attributes:
        alias: Which collection readers use.
        collections: Begin, describe, load and drop them.
        indexes: Have them indexed.
    """

    def __init__(self, gallery: Gallery, zone: tzinfo = UTC) -> None:
        """Share a gallery's connection; times are told in a zone."""
        names = replace(gallery.milvus.names, kind=PERSONS)
        self.milvus: Connection = replace(gallery.milvus, names=names)
        self.alias = Alias(self.milvus)
        self.collections = Collections(self.milvus, self.alias, make_person_schema)
        self.indexes = Indexes(self.milvus)
        self._zone = zone
        self._described: dict[str, Described] = {}

    def collection_of(self, model: str) -> str:
        """Return the collection that readers of a model use.

        Raises:
            NotFoundError: if there is none.
        """
        serving = self.alias.serving()
        if serving is None:
            raise nobody_indexed(self.milvus.uri)
        found = self.collections.live(model)
        if found is None or self.collections.describe(found).building:
            raise NotFoundError(
                f"gallery {self.milvus.uri}: persons are indexed by {model_of(serving)}, and not "
                f"by {model}; run `cratewatch index-footage`"
            )
        return found

    def begin(self, model: str, dim: int, index: IndexSetting, rows: int) -> str:
        """Make a collection for a model, to be filled; return its name."""
        collection = self.collections.begin(model, dim)
        choice = choose_index(index, rows, dim, lite=self.milvus.is_lite)
        self.indexes.build(collection, choice)
        search = dict(EFFORT) if choice.kind == "HNSW" else {}
        self.indexes.keep(collection, TunedIndex(choice, search))
        self.collections.load(collection)
        return collection

    @explained
    def upsert(self, collection: str, rows: Sequence[PersonRow], embeddings: Embeddings) -> None:
        """Insert rows, or replace them.

        Args:
            embeddings: (N, dim) float32, each row of unit length.

        Raises:
            CheckError: if an embedding is not finite, or not all rows were acknowledged.
        """
        refuse_broken(collection, [row.row_id for row in rows], embeddings)
        name = self.milvus.names.full(collection)
        fields = [person_fields(*pair) for pair in zip(rows, embeddings, strict=True)]
        for batch in chunks(fields, BATCH):
            answer = self.milvus.client.upsert(name, batch, timeout=connection.CALL_TIMEOUT_S)
            if int(answer["upsert_count"]) != len(batch):
                raise CheckError(
                    f"gallery {self.milvus.uri}: of {len(batch)} rows for {name} Milvus "
                    f"acknowledged {answer['upsert_count']}; see to the server, then run the same "
                    "command again"
                )

    @explained
    def flush(self, collection: str) -> None:
        """Make what was written durable."""
        self.milvus.client.flush(
            self.milvus.names.full(collection), timeout=connection.LOAD_TIMEOUT_S
        )

    @explained
    def count(self, collection: str, told_by: str = "", consistency: Consistency = "Strong") -> int:
        """Return how many rows there are, of what their ids begin with if that is named."""
        rows = self.milvus.client.query(
            self.milvus.names.full(collection),
            filter=ids_of(told_by) if told_by else "",
            output_fields=["count(*)"],
            consistency_level=consistency,
            timeout=connection.CALL_TIMEOUT_S,
        )
        return int(rows[0]["count(*)"])

    @explained
    def delete_footage(self, collection: str, footage: Sequence[str]) -> None:
        """Delete the rows of recordings."""
        name = self.milvus.names.full(collection)
        for batch in chunks(footage, BATCH):
            self.milvus.client.delete(
                name, filter=any_of("footage", batch), timeout=connection.CALL_TIMEOUT_S
            )

    @explained
    def delete_expired(self, collection: str, now: datetime) -> None:
        """Delete rows whose time has come."""
        self.milvus.client.delete(
            self.milvus.names.full(collection),
            filter=f"expires_s <= {int(now.timestamp())}",
            timeout=connection.CALL_TIMEOUT_S,
        )

    @explained
    def search(
        self, collection: str, query: Embeddings, k: int, wanted: PersonsWanted
    ) -> list[PersonHit]:
        """Return the k nearest rows of those that are wanted, best first.

        Args:
            query: (dim,) float32, of unit length.
            k: At most MOST_HITS are told.

        Raises:
            CheckError: if the collection holds embeddings of another length.
        """
        described = self._described.get(collection) or self.collections.describe(collection)
        self._described[collection] = described  # neither its length nor its index changes
        if described.dim != len(query):
            raise CheckError(
                f"gallery {self.milvus.uri}: {self.milvus.names.full(collection)} holds embeddings "
                f"of length {described.dim}, the query's has {len(query)}; run `cratewatch "
                "index-footage --rebuild`"
            )
        limit = min(k, MOST_HITS)
        found = self.milvus.client.search(
            self.milvus.names.full(collection),
            data=[query],
            limit=limit,
            filter=person_filter(wanted),
            output_fields=list(FIELDS),
            search_params={
                "metric_type": METRIC,
                "params": wide_enough(described.index.search, limit),
            },
            consistency_level="Bounded",
            timeout=connection.CALL_TIMEOUT_S,
        )
        return [self._hit(row) for row in found[0]]

    def _hit(self, row: Any) -> PersonHit:
        fields = dict(row["entity"])
        fields.setdefault("row_id", row.id)
        return PersonHit(person_of(fields, self._zone), float(row["distance"]))


def nobody_indexed(uri: SecretUrl) -> NotFoundError:
    """Return what is said before the first index of persons."""
    return NotFoundError(
        f"gallery {uri}: no persons are indexed yet; run `cratewatch analyse-footage` or "
        "`cratewatch index-footage`"
    )
