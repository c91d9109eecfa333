"""Collections: begun, described, loaded, dropped; which one is a model's, what served before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from cratewatch.errors import CheckError
from cratewatch.gallery import connection
from cratewatch.gallery.alias import Alias
from cratewatch.gallery.connection import Connection, explained
from cratewatch.gallery.index_building import METRIC
from cratewatch.gallery.milvus import LoadState, MilvusClient
from cratewatch.gallery.names import model_of, next_collection, number_of
from cratewatch.gallery.owners import as_owner, is_ours, require_ours
from cratewatch.gallery.properties import FACTS_OF, SERVED_UNTIL, Described, fresh, note
from cratewatch.gallery.schema import make_schema

NEVER = datetime.min.replace(tzinfo=UTC)


class Collections:
    """The collections of one tenant and catalog; what Milvus refuses is an UnavailableError."""

    def __init__(
        self,
        milvus: Connection,
        alias: Alias,
        schema: Callable[[MilvusClient, int], Any] = make_schema,
    ) -> None:
        self.milvus = milvus
        self._alias = alias
        self._schema = schema

    @explained
    def all(self) -> list[str]:
        """Return all of them, also those that are being built, sorted."""
        return [name for name in self._of_tenant() if is_ours(self.milvus, name)]

    def _of_tenant(self) -> list[str]:
        """Return also those of other catalogs."""
        found = self.milvus.client.list_collections(timeout=connection.CALL_TIMEOUT_S)
        return self.milvus.names.ours(found)

    def live(self, model: str) -> str | None:
        """Return the collection that readers and writers of a model use; None if there is none.

        It is the one that serves, or else the one of the model that served last.
        """
        serving = self._alias.serving()
        if serving is not None and model_of(serving) == model:
            return serving
        found = [name for name in self.all() if model_of(name) == model]
        served = {
            name: known.served_until or NEVER
            for name in found
            if not (known := self.describe(name)).building
        }
        return max(served, key=lambda name: (served[name], number_of(name)), default=None)

    @explained
    def describe(self, collection: str) -> Described:
        """Return what Milvus knows of a collection."""
        name = self.milvus.names.full(collection)
        found = self.milvus.client.describe_collection(name, timeout=connection.CALL_TIMEOUT_S)
        dims = [field["params"]["dim"] for field in found["fields"] if "dim" in field["params"]]
        return Described.of(int(dims[0]), self._metric(name), found.get("properties") or {})

    def _metric(self, name: str) -> str:
        client = self.milvus.client
        for index in client.list_indexes(name, timeout=connection.CALL_TIMEOUT_S):
            found = client.describe_index(name, index, timeout=connection.CALL_TIMEOUT_S)
            return str(found["metric_type"])
        return ""

    def check_fits(self, collection: str, dim: int) -> None:
        """Raise CheckError if embeddings of length dim and their cosine are not what it holds."""
        found = self.describe(collection)
        if (found.dim, found.metric or METRIC) != (dim, METRIC):
            raise CheckError(
                f"gallery {self.milvus.uri}: collection {self.milvus.names.full(collection)} has "
                f"embeddings of length {found.dim} compared by {found.metric}, the model's have "
                f"{dim} and {METRIC}; run `cratewatch index --rebuild --model "
                f"{model_of(collection)}`"
            )

    @explained
    def begin(self, model: str, dim: int) -> str:
        """Make one more collection of a model, to be filled, indexed and loaded; return its name.

        Repeated, it leaves one that is never filled, for the next build to drop.
        """
        collection = next_collection(model, self._of_tenant())
        self.milvus.client.create_collection(
            self.milvus.names.full(collection),
            schema=self._schema(self.milvus.client, dim),
            consistency_level="Bounded",
            properties=fresh() | as_owner(self.milvus),
            timeout=connection.CALL_TIMEOUT_S,
        )
        return collection

    @explained
    def keep_facts_of(self, collection: str, at: datetime | None) -> None:
        """Record when its facts were those of the catalog; None if that is not known."""
        note(self.milvus, collection, {FACTS_OF: at.isoformat() if at else ""})

    @explained
    def date_back(self, collection: str, at: datetime) -> None:
        """Record another time until which it served, for one that a wrong clock gave."""
        note(self.milvus, collection, {SERVED_UNTIL: at.isoformat()})

    @explained
    def load(self, collection: str) -> None:
        """Make a collection searchable; Milvus Lite forgets it between processes."""
        self.milvus.client.load_collection(
            self.milvus.names.full(collection), timeout=connection.LOAD_TIMEOUT_S
        )

    @explained
    def is_loaded(self, collection: str) -> bool:
        """Whether it can be searched, or counted, as it is."""
        name = self.milvus.names.full(collection)
        found = self.milvus.client.get_load_state(name, timeout=connection.CALL_TIMEOUT_S)
        return bool(found["state"] == LoadState.Loaded)

    @explained
    def require_ours(self, collection: str) -> None:
        """Raise SettingsError if a collection is another catalog's, and so not to be filled."""
        require_ours(self.milvus, collection)

    @explained
    def drop(self, collection: str) -> None:
        """Delete a collection that does not serve; ValueError if it does.

        Raises:
            SettingsError: if it is another catalog's.
        """
        require_ours(self.milvus, collection)
        if self._alias.points_at(collection):  # Milvus 2.3 would drop it all the same
            raise ValueError(f"{collection} serves")
        self.milvus.client.drop_collection(
            self.milvus.names.full(collection), timeout=connection.CALL_TIMEOUT_S
        )

    def served_before(self) -> list[str]:
        """Return the collections that the alias left, the one that it left last first."""
        serving = self._alias.serving()
        left = {
            name: until
            for name in self.all()
            if name != serving and (until := self.describe(name).served_until)
        }
        return sorted(left, key=lambda name: left[name], reverse=True)
