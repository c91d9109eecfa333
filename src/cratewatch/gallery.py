"""The vector index: one Milvus collection per model and the alias that readers use."""

from __future__ import annotations

import contextlib
import functools
import logging
import re
import time
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import grpc
import numpy as np
from milvus_lite.db import MilvusLite
from milvus_lite.exceptions import DataDirLockedError, MilvusLiteError
from milvus_lite.server_manager import server_manager_instance
from pymilvus import DataType, MilvusClient, MilvusException

from cratewatch.embedding import Embeddings
from cratewatch.errors import NotFoundError, SettingsError, UnavailableError

ALIAS = "covers"
COLLECTION_PREFIX = "covers_"
LOAD_BATCH = 1000
SEARCH_BATCH = 256
LITE_SUFFIX = ".db"
CONNECT_TIMEOUT_S = 5.0
CALL_TIMEOUT_S = 60.0
LOAD_TIMEOUT_S = 600.0  # a server reads a whole collection from its store
PATIENCE_S = 30.0  # with a server that went away: it may be starting anew
PAUSE_S = 0.5
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

# pymilvus logs a traceback for every error that it also raises.
logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
# Milvus Lite's server logs every call that it does not implement; pymilvus does without them.
logging.getLogger("grpc._server").setLevel(logging.CRITICAL)
logging.getLogger("milvus_lite").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Hit:
    """A gallery cover near a query; score is the cosine, higher is more similar."""

    cover_id: str
    artwork_id: str
    score: float


@contextlib.contextmanager
def open_gallery(uri: str, token: str = "") -> Iterator[Gallery]:
    """Open the gallery: a Milvus server's address, or the path of a Milvus Lite file.

    Raises:
        SettingsError: if uri is neither.
        UnavailableError: if it cannot be reached, or another process holds the file.
    """
    try:
        client = _connect(uri, token)
        try:
            yield Gallery(client, _without_credentials(uri))
        finally:
            client.close()
    finally:
        # Milvus Lite would hold its lock on the file until the process ends.
        server_manager_instance.release_server(uri)


def _connect(uri: str, token: str) -> MilvusClient:
    is_file = "://" not in uri
    if is_file and not uri.endswith(LITE_SUFFIX):
        raise SettingsError(
            f"gallery_uri {uri}: neither the path of a Milvus Lite file, which ends in "
            f"{LITE_SUFFIX}, nor a server's address such as http://host:19530"
        )
    try:
        if is_file:
            Path(uri).parent.mkdir(parents=True, exist_ok=True)
        return MilvusClient(uri=uri, token=token, timeout=CONNECT_TIMEOUT_S)
    except (MilvusException, grpc.RpcError, OSError, ValueError) as error:  # ValueError: no port
        shown = _without_credentials(uri)
        if is_file:
            raise UnavailableError(f"gallery {shown}: {_why_no_file(uri)}") from error
        if _rpc_error(error) is None:
            raise SettingsError(
                f"gallery_uri {shown}: {_said(error)}; give an address such as http://host:19530"
            ) from error
        raise UnavailableError(f"gallery {shown}: {_why_no_answer(error)}") from error


def _why_no_file(path: str) -> str:
    """Open the file once more without pymilvus, which keeps the reason to itself."""
    try:
        MilvusLite(path).close()
    except DataDirLockedError:
        return (
            "another process holds it, and a Milvus Lite file serves one process at a time; wait "
            "for the other cratewatch to end, or set gallery_uri to a Milvus server"
        )
    except (MilvusLiteError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        return f"cannot be opened ({reason}); see to its disk and permissions, or gallery_uri"
    return "did not start; run the same command again"


def _why_no_answer(error: BaseException) -> str:
    """Return what a call's error means and what to do, in one line."""
    rpc = _rpc_error(error)
    if rpc is None:
        return f"{_said(error)}; see to Milvus and its disk, then run the same command again"
    code = rpc.code()
    details = str(rpc.details()).rpartition("last error: ")[2]
    if code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
        return f"the server refuses us ({details}); check gallery_token"
    if code == grpc.StatusCode.DEADLINE_EXCEEDED:
        return "it does not answer in time; see to the server, then run the same command again"
    return (
        f"no Milvus answers there ({details}); check gallery_uri and that the server "
        "runs, then run the same command again"
    )


def _said(error: BaseException) -> str:
    return " ".join(str(getattr(error, "message", error)).split())


def _is_away(error: BaseException) -> bool:
    rpc = _rpc_error(error)
    return rpc is not None and rpc.code() == grpc.StatusCode.UNAVAILABLE


def _rpc_error(error: BaseException | None) -> Any:
    """Return the gRPC error behind pymilvus' own, or None; its `raise e from e` hides causes."""
    while error is not None and not isinstance(error, grpc.RpcError):
        error = error.__context__
    return error


def _without_credentials(uri: str) -> str:
    return re.sub(r"//[^/@]*@", "//", uri)


def _explained(
    method: Callable[Concatenate[Gallery, Parameters], Result],
) -> Callable[Concatenate[Gallery, Parameters], Result]:
    """Call again while the server is away; turn what Milvus refuses into an UnavailableError.

    Every method may be repeated.
    """

    @functools.wraps(method)
    def call(self: Gallery, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        patient_until = time.monotonic() + PATIENCE_S
        while True:
            try:
                return method(self, *args, **kwargs)
            except (MilvusException, grpc.RpcError) as error:
                if not _is_away(error) or time.monotonic() > patient_until:
                    raise UnavailableError(
                        f"gallery {self.uri}: {_why_no_answer(error)}"
                    ) from error
            time.sleep(PAUSE_S)

    return call


class Gallery:
    """Collections of embedded covers; what Milvus refuses is an UnavailableError."""

    def __init__(self, client: MilvusClient, uri: str) -> None:
        self._client = client
        self.uri = uri

    @_explained
    def serving_model(self) -> str | None:
        """Return the model whose collection the alias points to, None before the first."""
        for model in self.models():
            aliases = self._client.list_aliases(COLLECTION_PREFIX + model, timeout=CALL_TIMEOUT_S)[
                "aliases"
            ]
            if ALIAS in aliases:
                return model
        return None

    @_explained
    def models(self) -> list[str]:
        """Return the models that have a collection, sorted."""
        names = self._client.list_collections(timeout=CALL_TIMEOUT_S)
        return sorted(n.removeprefix(COLLECTION_PREFIX) for n in names if _is_ours(n))

    @_explained
    def create(self, model: str, dim: int) -> None:
        """Make the model's collection, or what is missing of it, and load it."""
        name = COLLECTION_PREFIX + model
        if not self._client.has_collection(name, timeout=CALL_TIMEOUT_S):
            schema = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
            schema.add_field("cover_id", DataType.VARCHAR, is_primary=True, max_length=64)
            schema.add_field("artwork_id", DataType.VARCHAR, max_length=64)
            schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=dim)
            self._client.create_collection(
                name, schema=schema, consistency_level="Bounded", timeout=CALL_TIMEOUT_S
            )
        if not self._client.list_indexes(name, timeout=CALL_TIMEOUT_S):
            index = self._client.prepare_index_params()
            index.add_index(field_name="embedding", index_type="FLAT", metric_type="COSINE")
            self._client.create_index(name, index, timeout=CALL_TIMEOUT_S)
        self.load(model)

    @_explained
    def keep_only(self, model: str, cover_ids: Container[str]) -> None:
        """Delete the rows of all other covers."""
        rows = self._client.query_iterator(
            COLLECTION_PREFIX + model,
            batch_size=LOAD_BATCH,
            output_fields=["cover_id"],
            timeout=CALL_TIMEOUT_S,
        )
        extra: list[str] = []
        while batch := rows.next():
            extra += [row["cover_id"] for row in batch if row["cover_id"] not in cover_ids]
        rows.close()
        if extra:
            self._client.delete(COLLECTION_PREFIX + model, ids=extra, timeout=CALL_TIMEOUT_S)

    @_explained
    def upsert(
        self,
        model: str,
        cover_ids: Sequence[str],
        artwork_ids: Sequence[str],
        embeddings: Embeddings,
    ) -> None:
        """Insert covers, or replace them; ids must not repeat within one call.

        Args:
            embeddings: (N, dim) float32, L2-normalised, finite.
        """
        if len(set(cover_ids)) != len(cover_ids):
            raise ValueError("a cover id repeats; Milvus would store it twice")
        if not np.isfinite(embeddings).all():
            raise ValueError("an embedding is not finite")
        rows: list[dict[str, Any]] = [
            {"cover_id": cover, "artwork_id": artwork, "embedding": embedding}
            for cover, artwork, embedding in zip(cover_ids, artwork_ids, embeddings, strict=True)
        ]
        for start in range(0, len(rows), LOAD_BATCH):
            batch = rows[start : start + LOAD_BATCH]
            self._client.upsert(COLLECTION_PREFIX + model, batch, timeout=CALL_TIMEOUT_S)

    @_explained
    def flush(self, model: str) -> None:
        """Make what was upserted durable."""
        self._client.flush(COLLECTION_PREFIX + model, timeout=LOAD_TIMEOUT_S)

    @_explained
    def count(self, model: str) -> int:
        """Return the number of covers that a search would see, all writes included."""
        rows = self._client.query(
            COLLECTION_PREFIX + model,
            filter="",
            output_fields=["count(*)"],
            consistency_level="Strong",
            timeout=CALL_TIMEOUT_S,
        )
        return int(rows[0]["count(*)"])

    @_explained
    def point_alias(self, model: str) -> None:
        """Let readers use the model's collection from now on."""
        name = COLLECTION_PREFIX + model
        if self.serving_model() is None:
            self._client.create_alias(name, ALIAS, timeout=CALL_TIMEOUT_S)
        else:
            self._client.alter_alias(name, ALIAS, timeout=CALL_TIMEOUT_S)

    @_explained
    def load(self, model: str) -> None:
        """Make the model's collection searchable; Milvus Lite forgets it between processes."""
        self._client.load_collection(COLLECTION_PREFIX + model, timeout=LOAD_TIMEOUT_S)

    @_explained
    def search(self, queries: Embeddings, k: int, *, model: str | None = None) -> list[list[Hit]]:
        """Return the k nearest covers of each query, best first.

        Args:
            queries: (Q, dim) float32, L2-normalised.
            model: Search this model's collection instead of the alias; sees all writes.

        Raises:
            NotFoundError: if nothing is indexed yet.
        """
        name = COLLECTION_PREFIX + model if model else ALIAS
        found: list[list[Hit]] = []
        for start in range(0, len(queries), SEARCH_BATCH):
            found += self._search(name, queries[start : start + SEARCH_BATCH], k, model)
        return found

    def _search(self, name: str, queries: Embeddings, k: int, model: str | None) -> list[list[Hit]]:
        try:
            results = self._client.search(
                name,
                data=list(queries),
                limit=k,
                output_fields=["artwork_id"],
                consistency_level="Strong" if model else "Bounded",
                timeout=CALL_TIMEOUT_S,
            )
        except MilvusException as error:
            if "not exist" not in str(error) and "not found" not in str(error):
                raise
            raise NotFoundError(
                f"gallery {self.uri}: nothing is indexed yet; run `cratewatch index`"
            ) from error
        return [[_hit(row) for row in rows] for rows in results]


def _hit(row: Any) -> Hit:
    return Hit(row.id, row["entity"]["artwork_id"], float(row["distance"]))


def _is_ours(collection: str) -> bool:
    return collection.startswith(COLLECTION_PREFIX)
