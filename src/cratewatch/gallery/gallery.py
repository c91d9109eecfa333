"""Opens the gallery, and searches the collection that serves, or one by name."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pymilvus import MilvusException

from cratewatch.catalog.facts import Wanted
from cratewatch.embedding.arrays import Embeddings
from cratewatch.errors import CheckError, NotFoundError
from cratewatch.gallery import connection
from cratewatch.gallery.bulk import BulkImports
from cratewatch.gallery.collections import Described
from cratewatch.gallery.connection import connect, explained, is_missing, without_credentials
from cratewatch.gallery.indexes import Parameters, wide_enough
from cratewatch.gallery.names import Names
from cratewatch.gallery.rows import Consistency
from cratewatch.gallery.schema import filter_of

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
    """What a reader knows of a collection, and until when it takes that for true."""

    collection: str
    described: Described
    until: float


@contextlib.contextmanager
def open_gallery(uri: str, token: str = "", tenant: str = "", ca: str = "") -> Iterator[Gallery]:
    """Open the gallery: a Milvus server's address, or the path of a Milvus Lite file.

    Args:
        tenant: Whose collections, where several shops share a server.
        ca: PEM file with the certificate that signed the server's; "" for those of the machine.

    Raises:
        SettingsError: if uri is neither, or ca no file, or the tenant's name cannot be one.
        UnavailableError: if it cannot be reached, is too old, or another process holds the file.
    """
    names = Names(tenant)
    with connect(uri, token, ca) as (client, version):
        yield Gallery(client, without_credentials(uri), names, version)


class Gallery(BulkImports):
    """Collections of embedded covers; what Milvus refuses is an UnavailableError."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known: dict[str, _Known] = {}
        self._one_looks = threading.Lock()

    def point_alias(self, collection: str) -> None:
        """Let readers use a collection from now on; note until when they used the other."""
        super().point_alias(collection)
        self._known.clear()

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
            CheckError: if the collection lacks what is filtered by, or holds embeddings of
                another length.
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
        collection = self.live(model) if model else self.serving()
        if collection is None:
            raise self._nothing_indexed()
        self._known[model] = self._look(collection)
        return self._search(self._known[model], queries, k, wanted, None, "Bounded")

    def _still_known(self, model: str) -> _Known | None:
        """Return what is known of a reader's collection; None if this call is to look anew.

        Of threads that ask at once one looks, and the others go on with what they know.
        """
        with self._one_looks:
            known, now = self._known.get(model), time.monotonic()
            if known is None or now < known.until:
                return known
            self._known[model] = replace(known, until=now + ANEW_AFTER_S)
            return None

    def _look(self, collection: str) -> _Known:
        return _Known(collection, self.describe(collection), time.monotonic() + ANEW_AFTER_S)

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
        name = self._names.full(known.collection)
        if queries.shape[1] != described.dim:
            raise CheckError(
                f"gallery {self.uri}: {name} holds embeddings of length {described.dim}, the "
                f"queries' have {queries.shape[1]}; run `cratewatch index --rebuild`"
            )
        if wanted is not None and wanted.asks and not described.has_facts:
            raise CheckError(
                f"gallery {self.uri}: {name} is of an earlier version and cannot be filtered; "
                "run `cratewatch index --rebuild`"
            )
        search = wide_enough(described.index.search if effort is None else effort, k)
        try:
            results = self._client.search(
                name,
                data=list(queries),
                limit=k,
                filter=filter_of(wanted, described.fields) if wanted else "",
                output_fields=["artwork_id"],
                search_params={"params": search},
                consistency_level=consistency,
                timeout=connection.CALL_TIMEOUT_S,
            )
        except MilvusException as error:
            if not is_missing(error):
                raise
            raise self._nothing_indexed() from error
        return [[_hit(row) for row in rows] for rows in results]

    def _nothing_indexed(self) -> NotFoundError:
        return NotFoundError(f"gallery {self.uri}: nothing is indexed yet; run `cratewatch index`")


def _hit(row: Any) -> Hit:
    return Hit(row.id, row["entity"]["artwork_id"], float(row["distance"]))
