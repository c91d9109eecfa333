"""Embeddings kept in the lake as Parquet, so that a load into the gallery can be repeated.

A shard counts only when its done marker, written last, is there and tells its very bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cratewatch.embedding.arrays import Embeddings
from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.lake.lake import Lake
from cratewatch.lake.marked import write_marked

PREFIX = "embeddings"
PARQUET, DONE = ".parquet", ".done"


@dataclass(frozen=True)
class EmbeddingShard:
    """Covers, their artworks, and their (N, dim) float32 embeddings, row by row."""

    cover_ids: list[str]
    artwork_ids: list[str]
    embeddings: Embeddings

    def __post_init__(self) -> None:
        """Raise CratewatchError, naming the cover, if an embedding holds NaN or infinity."""
        broken = np.flatnonzero(~np.isfinite(self.embeddings).all(axis=1))
        if len(broken):
            raise CratewatchError(
                f"cover {self.cover_ids[broken[0]]}: its embedding is not finite, nor are those of "
                f"{len(broken) - 1} more of {len(self.cover_ids)} covers; look after the model's "
                "weights, or set precision to fp32"
            )


def write_embeddings(lake: Lake, model: str, shard: EmbeddingShard) -> str:
    """Write a shard and, last, its done marker; return its key, which its covers determine."""
    rows, dim = shard.embeddings.shape
    values = pa.array(shard.embeddings.reshape(rows * dim), pa.float32())
    table = pa.table(
        {
            "cover_id": shard.cover_ids,
            "artwork_id": shard.artwork_ids,
            "embedding": pa.FixedSizeListArray.from_arrays(values, dim),
        }
    )
    file = io.BytesIO()
    pq.write_table(table, file)
    data = file.getvalue()
    digest = hashlib.sha256("".join(sorted(shard.cover_ids)).encode()).hexdigest()
    key = f"{PREFIX}/{model}/{digest[:16]}{PARQUET}"
    told = {"covers": rows, "dim": dim, "sha256": hashlib.sha256(data).hexdigest()}
    done = json.dumps(told, sort_keys=True).encode()
    write_marked(lake, [(key, data)], _done_key(key), done)
    return key


def read_embeddings(lake: Lake, key: str) -> EmbeddingShard:
    """Read what write_embeddings wrote.

    Raises:
        NotFoundError: if there is no such shard, or it is not what its done marker tells.
        CratewatchError: if the object is of another layout.
    """
    done, data = lake.read(_done_key(key)), lake.read(key)
    if hashlib.sha256(data).hexdigest() != _told_sha256(done):
        raise NotFoundError(
            f"lake {lake.root}: {key} is not what its done marker tells: cut off or changed; "
            "delete both, and run `cratewatch index`, which embeds its covers again"
        )
    try:
        table = pq.read_table(io.BytesIO(data))
        column = table["embedding"].combine_chunks()
        embeddings = np.asarray(column.flatten(), np.float32).reshape(len(table), -1)
        return EmbeddingShard(
            table["cover_id"].to_pylist(), table["artwork_id"].to_pylist(), embeddings
        )
    except (pa.ArrowException, KeyError) as error:
        raise CratewatchError(
            f"lake {lake.root}: {key} holds no embeddings ({error}); delete it, and run "
            "`cratewatch index --rebuild`"
        ) from error


def done_shards(lake: Lake, model: str) -> list[str]:
    """Return the keys of the model's shards that have a done marker, sorted."""
    keys = set(lake.keys(f"{PREFIX}/{model}"))
    return sorted(key for key in keys if key.endswith(PARQUET) and _done_key(key) in keys)


def _done_key(key: str) -> str:
    return f"{key.removesuffix(PARQUET)}{DONE}"


def _told_sha256(done: bytes) -> str | None:
    try:
        told: dict[str, str] = json.loads(done)
    except ValueError:  # a marker that was cut off itself
        return None
    return told.get("sha256")
