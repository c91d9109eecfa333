"""Collections: made, described, indexed, loaded, dropped; the alias, and what served before."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from pymilvus import MilvusClient, MilvusException
from pymilvus.client.types import LoadState

from cratewatch.errors import CheckError
from cratewatch.gallery import connection
from cratewatch.gallery.connection import explained, is_lite, is_missing
from cratewatch.gallery.indexes import FLAT, IndexChoice, TunedIndex
from cratewatch.gallery.names import Names, model_of, next_collection, number_of
from cratewatch.gallery.schema import FACTS, make_schema

METRIC = "COSINE"
STATE, INDEX, SERVED_UNTIL = "cratewatch_state", "cratewatch_index", "cratewatch_served_until"
FACTS_OF = "cratewatch_facts_of"
BUILDING, READY = "building", "ready"
NEVER = datetime.min.replace(tzinfo=UTC)
STALLED_S = 1800.0  # a segment of half a GB takes minutes on few cores


@dataclass(frozen=True)
class Described:
    """What Milvus knows of a collection.

    Attributes:
        metric: "" while it has no index.
        building: Whether it was begun beside another and did not pass its check yet.
        served_until: When the alias left it; None if it never served, or serves.
        facts_of: When its facts were last those of the catalog; None if that is not known.
    """

    fields: frozenset[str]
    dim: int
    metric: str
    building: bool
    index: TunedIndex
    served_until: datetime | None
    facts_of: datetime | None

    @property
    def has_facts(self) -> bool:
        """Whether it has the fields that filters need; those of the first version do not."""
        return self.fields >= set(FACTS)


class Collections:
    """The collections of one tenant; what Milvus refuses is an UnavailableError."""

    def __init__(
        self, client: MilvusClient, uri: str, names: Names | None = None, version: str = ""
    ) -> None:
        self._client = client
        self._names = names or Names()
        self.uri = uri
        self.version = version

    @property
    def is_lite(self) -> bool:
        return is_lite(self.version)

    @explained
    def collections(self) -> list[str]:
        """Return all of them, also those that are being built, sorted."""
        found = self._client.list_collections(timeout=connection.CALL_TIMEOUT_S)
        return self._names.ours(found)

    def models(self) -> list[str]:
        """Return the models that have a collection, sorted."""
        return sorted({model_of(collection) for collection in self.collections()})

    @explained
    def serving(self) -> str | None:
        """Return the collection that the alias points to, None before the first."""
        try:
            found = self._client.describe_alias(
                self._names.alias, timeout=connection.CALL_TIMEOUT_S
            )
        except MilvusException as error:
            if is_missing(error):
                return None
            raise
        return self._names.ours([found["collection_name"]])[0]

    def serving_model(self) -> str | None:
        """Return the model whose collection the alias points to, None before the first."""
        serving = self.serving()
        return None if serving is None else model_of(serving)

    def live(self, model: str) -> str | None:
        """Return the collection that readers and writers of a model use; None if there is none.

        It is the one that serves, or else the one of the model that served last.
        """
        serving = self.serving()
        if serving is not None and model_of(serving) == model:
            return serving
        found = [name for name in self.collections() if model_of(name) == model]
        served = {
            name: known.served_until or NEVER
            for name in found
            if not (known := self.describe(name)).building
        }
        return max(served, key=lambda name: (served[name], number_of(name)), default=None)

    @explained
    def describe(self, collection: str) -> Described:
        """Return what Milvus knows of a collection."""
        name = self._names.full(collection)
        found = self._client.describe_collection(name, timeout=connection.CALL_TIMEOUT_S)
        properties = found.get("properties") or {}
        dims = [field["params"]["dim"] for field in found["fields"] if "dim" in field["params"]]
        return Described(
            fields=frozenset(field["name"] for field in found["fields"]),
            dim=int(dims[0]),
            metric=self._metric(name),
            building=properties.get(STATE) == BUILDING,
            index=_tuned(properties.get(INDEX)),
            served_until=_time(properties.get(SERVED_UNTIL)),
            facts_of=_time(properties.get(FACTS_OF)),
        )

    def _metric(self, name: str) -> str:
        for index in self._client.list_indexes(name, timeout=connection.CALL_TIMEOUT_S):
            found = self._client.describe_index(name, index, timeout=connection.CALL_TIMEOUT_S)
            return str(found["metric_type"])
        return ""

    def check_fits(self, collection: str, dim: int) -> None:
        """Raise CheckError if embeddings of length dim and their cosine are not what it holds."""
        found = self.describe(collection)
        if (found.dim, found.metric or METRIC) != (dim, METRIC):
            raise CheckError(
                f"gallery {self.uri}: collection {self._names.full(collection)} has embeddings of "
                f"length {found.dim} compared by {found.metric}, the model's have {dim} and "
                f"{METRIC}; run `cratewatch index --rebuild --model {model_of(collection)}`"
            )

    def create(self, collection: str, dim: int) -> None:
        """Make a collection, or what is missing of it, with a FLAT index, and load it.

        Raises:
            CheckError: if there is one whose embeddings are of another kind.
        """
        if collection not in self.collections():
            self._make(collection, dim, READY)
        self.build_index(collection, FLAT.choice)
        self.check_fits(collection, dim)
        self.load(collection)

    def begin(self, model: str, dim: int) -> str:
        """Make one more collection of a model, to be filled, indexed and loaded."""
        collection = next_collection(model, self.collections())
        self._make(collection, dim, BUILDING)
        return collection

    @explained
    def _make(self, collection: str, dim: int, state: str) -> None:
        name = self._names.full(collection)
        if not self._client.has_collection(name, timeout=connection.CALL_TIMEOUT_S):
            self._client.create_collection(
                name,
                schema=make_schema(self._client, dim),
                consistency_level="Bounded",
                properties={STATE: state, FACTS_OF: datetime.now(UTC).isoformat()},
                timeout=connection.CALL_TIMEOUT_S,
            )

    @explained
    def build_index(self, collection: str, choice: IndexChoice) -> None:
        """Begin to index what the collection holds and will hold, unless that has begun."""
        name = self._names.full(collection)
        if self._client.list_indexes(name, timeout=connection.CALL_TIMEOUT_S):
            return
        index = self._client.prepare_index_params()
        index.add_index(
            field_name="embedding",
            index_type=choice.kind,
            metric_type=METRIC,
            params=dict(choice.build),
        )
        self._client.create_index(name, index, sync=False, timeout=connection.CALL_TIMEOUT_S)

    def wait_for_index(
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
                    f"gallery {self.uri}: the index of {self._names.full(collection)} gets no "
                    f"further for {STALLED_S:.0f} s ({state}); see to the server and its log, or "
                    "choose another gallery_index"
                )
            time.sleep(connection.PAUSE_S)

    @explained
    def _pending(self, collection: str) -> str:
        """Return what is left to index, as text."""
        name = self._names.full(collection)
        for index in self._client.list_indexes(name, timeout=connection.CALL_TIMEOUT_S):
            found = self._client.describe_index(name, index, timeout=connection.CALL_TIMEOUT_S)
            if found["state"] == "Finished" and not found["pending_index_rows"]:
                return ""
            return f"{found['state']}, {found['pending_index_rows']} rows to go"
        return "it has none"

    @explained
    def keep_index(self, collection: str, index: TunedIndex) -> None:
        """Record how the collection is searched."""
        self._note(collection, {INDEX: json.dumps(asdict(index))})

    @explained
    def keep_facts_of(self, collection: str, at: datetime | None) -> None:
        """Record when its facts were those of the catalog; None if that is not known."""
        self._note(collection, {FACTS_OF: at.isoformat() if at else ""})

    def _note(self, collection: str, properties: dict[str, str]) -> None:
        self._client.alter_collection_properties(
            self._names.full(collection), properties, timeout=connection.CALL_TIMEOUT_S
        )

    @explained
    def load(self, collection: str) -> None:
        """Make a collection searchable; Milvus Lite forgets it between processes."""
        self._client.load_collection(
            self._names.full(collection), timeout=connection.LOAD_TIMEOUT_S
        )

    @explained
    def is_loaded(self, collection: str) -> bool:
        """Whether it can be searched, or counted, as it is."""
        name = self._names.full(collection)
        found = self._client.get_load_state(name, timeout=connection.CALL_TIMEOUT_S)
        return bool(found["state"] == LoadState.Loaded)

    @explained
    def drop(self, collection: str) -> None:
        """Delete a collection that does not serve; ValueError if it does."""
        if collection == self.serving():  # Milvus 2.3 would drop it all the same
            raise ValueError(f"{collection} serves")
        self._client.drop_collection(
            self._names.full(collection), timeout=connection.CALL_TIMEOUT_S
        )

    @explained
    def point_alias(self, collection: str) -> None:
        """Let readers use a collection from now on; note until when they used the other."""
        before = self.serving()
        name, alias = self._names.full(collection), self._names.alias
        if before is None:
            self._client.create_alias(name, alias, timeout=connection.CALL_TIMEOUT_S)
        elif before != collection:
            now = datetime.now(UTC).isoformat()
            self._note(before, {SERVED_UNTIL: now, STATE: READY})
            self._client.alter_alias(name, alias, timeout=connection.CALL_TIMEOUT_S)
        self._note(collection, {SERVED_UNTIL: "", STATE: READY})

    def served_before(self) -> list[str]:
        """Return the collections that the alias left, the one that it left last first."""
        serving = self.serving()
        left = {
            name: until
            for name in self.collections()
            if name != serving and (until := self.describe(name).served_until)
        }
        return sorted(left, key=lambda name: left[name], reverse=True)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _tuned(text: str | None) -> TunedIndex:
    """Read what keep_index wrote; a collection without it is of the first version: FLAT."""
    return TunedIndex.of(json.loads(text)) if text else FLAT
