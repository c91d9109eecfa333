"""Opens the gallery, and searches the collection that serves, or one by name."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pydantic import SecretStr

from cratewatch.catalog.facts import Wanted
from cratewatch.embedding.arrays import Embeddings
from cratewatch.errors import CheckError, NotFoundError
from cratewatch.gallery import connection
from cratewatch.gallery.alias import Alias, nothing_indexed
from cratewatch.gallery.bulk import Imports
from cratewatch.gallery.collections import Collections
from cratewatch.gallery.connection import Connection, connect, explained, is_missing
from cratewatch.gallery.index_building import Indexes
from cratewatch.gallery.indexes import Parameters, wide_enough
from cratewatch.gallery.milvus import MilvusException
from cratewatch.gallery.names import Names
from cratewatch.gallery.properties import Described
from cratewatch.gallery.rows import Consistency, Rows
from cratewatch.gallery.schema import filter_of
from cratewatch.secret_url import SecretUrl, reveal

SEARCH_BATCH = 256
ANEW_AFTER_S = 5.0
"""How long a reader goes on with what it knows of the alias; the collection that the alias left
is kept for days."""


@dataclass(frozen=True)
class Hit:
    """A gallery cover near a query; score is the cosine, higher is more similar."""

    cover_id: str
    artwork_id: str
    score: float


@dataclass(frozen=True)
class _Known:
    """What a reader knows of a collection, since when, and until when it takes that for true."""

    collection: str
    described: Described
    since: float
    until: float


@contextlib.contextmanager
def open_gallery(  # noqa: PLR0913
    uri: SecretUrl | str,
    token: SecretStr | str = "",
    tenant: str = "",
    ca: str = "",
    *,
    owner: str = "",
    patience_s: float = connection.PATIENCE_S,
) -> Iterator[Gallery]:
    """Open the gallery: a Milvus server's address, or the path of a Milvus Lite file.

    Args:
        tenant: Whose collections, where several shops share a server.
        ca: PEM file with the certificate that signed the server's; "" for those of the machine.
        owner: Id of the catalog that the collections are filled from. Another's are neither
            shown nor touched. "" for whoever is to see them all.
        patience_s: How long to call again while a server is away.

    Raises:
        SettingsError: if uri is neither, or ca no file, or the tenant's name cannot be one.
        UnavailableError: if it cannot be reached, is too old, or another process holds the file.
    """
    opening = connect(
        SecretUrl(reveal(uri)), token, ca, Names(tenant), owner, patience_s=patience_s
    )
    with opening as milvus:
        yield Gallery(milvus)


class Gallery:
    """Collections of embedded covers; what Milvus refuses is an UnavailableError.

    Attributes:
        milvus: The connection to it.
        alias: Which collection readers use.
        collections: Begin, describe, load and drop them.
        indexes: Have them indexed.
        rows: Write and read what they hold.
        imports: Fill them from files.
    """

    def __init__(self, milvus: Connection) -> None:
        self.milvus = milvus
        self.alias = Alias(milvus)
        self.indexes = Indexes(milvus)
        self.collections = Collections(milvus, self.alias)
        self.rows = Rows(milvus)
        self.imports = Imports(milvus)
        self._known: dict[str, _Known] = {}
        self._one_looks = threading.Lock()

    @property
    def uri(self) -> SecretUrl:
        """Where it is."""
        return self.milvus.uri

    def search(  # noqa: PLR0913
        self,
        queries: Embeddings,
        k: int,
        *,
        model: str = "",
        collection: str = "",
        wanted: Wanted | None = None,
        effort: Parameters | None = None,
        consistency: Consistency = "Strong",
    ) -> list[list[Hit]]:
        """Return the k nearest covers of each query, best first.

        Args:
            queries: (Q, dim) float32, L2-normalised.
            model: Search the collection that is for this model's readers; by default the one
                that serves. What was written in the last seconds may be missing.
            collection: Search this one, with the given consistency; all writes included by
                default, which takes a server longer.
            wanted: Only covers of artworks whose facts admit it; see schema.filter_of.
            effort: Milvus' search parameters in place of those kept with the collection.

        Raises:
            NotFoundError: if nothing is indexed yet.
            CheckError: if the collection holds embeddings of another length.
        """
        found: list[list[Hit]] = []
        for start in range(0, len(queries), SEARCH_BATCH):
            part = queries[start : start + SEARCH_BATCH]
            if collection:
                known = self._look(collection)
                found += self._search(known, part, k, wanted, effort, consistency)
            else:
                found += self._read(model, part, k, wanted)
        return found

    def _read(
        self, model: str, queries: Embeddings, k: int, wanted: Wanted | None
    ) -> list[list[Hit]]:
        """Search for a reader; once more if the collection was dropped since it looked."""
        known = self._still_known(model)
        if known is not None:
            try:
                return self._search(known, queries, k, wanted, None, "Bounded")
            except NotFoundError:
                self._known.pop(model, None)
        collection = self.collections.live(model) if model else self.alias.serving()
        if collection is None:
            raise nothing_indexed(self.milvus)
        self._known[model] = self._look(collection)
        return self._search(self._known[model], queries, k, wanted, None, "Bounded")

    def _still_known(self, model: str) -> _Known | None:
        """Return what is known of a reader's collection; None if this call is to look anew.

        Of threads that ask at once one looks, and the others go on with what they know.
        """
        with self._one_looks:
            known, now = self._known.get(model), time.monotonic()
            if known is None or known.since < self.alias.moved_at:
                return None
            if now < known.until:
                return known
            self._known[model] = replace(known, until=now + ANEW_AFTER_S)
            return None

    def _look(self, collection: str) -> _Known:
        now = time.monotonic()
        return _Known(collection, self.collections.describe(collection), now, now + ANEW_AFTER_S)

    @explained
    def _search(  # noqa: PLR0913, PLR0917
        self,
        known: _Known,
        queries: Embeddings,
        k: int,
        wanted: Wanted | None,
        effort: Parameters | None,
        consistency: Consistency,
    ) -> list[list[Hit]]:
        described = known.described
        name = self.milvus.names.full(known.collection)
        if queries.shape[1] != described.dim:
            raise CheckError(
                f"gallery {self.milvus.uri}: {name} holds embeddings of length {described.dim}, "
                f"the queries' have {queries.shape[1]}; run `cratewatch index --rebuild`"
            )
        search = wide_enough(described.index.search if effort is None else effort, k)
        try:
            results = self.milvus.client.search(
                name,
                data=list(queries),
                limit=k,
                filter=filter_of(wanted) if wanted else "",
                output_fields=["artwork_id"],
                search_params={"params": search},
                consistency_level=consistency,
                timeout=connection.CALL_TIMEOUT_S,
            )
        except MilvusException as error:
            if not is_missing(error):
                raise
            raise nothing_indexed(self.milvus) from error
        return [[_hit(row) for row in rows] for rows in results]


def _hit(row: Any) -> Hit:
    return Hit(row.id, row["entity"]["artwork_id"], float(row["distance"]))
