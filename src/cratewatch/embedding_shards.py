"""Embeddings kept in the lake as Parquet, so that a load into the gallery can be repeated."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cratewatch.embedding import Embeddings
from cratewatch.errors import CratewatchError
from cratewatch.lake import Lake

PREFIX = "embeddings"


@dataclass(frozen=True)
class EmbeddingShard:
    """Covers, their artworks, and their (N, dim) float32 embeddings, row by row."""

    cover_ids: list[str]
    artwork_ids: list[str]
    embeddings: Embeddings


def write_shard(lake: Lake, model: str, shard: EmbeddingShard) -> str:
    """Write a shard and return its key, which the covers in it determine."""
    rows, dim = shard.embeddings.shape
    values = pa.array(shard.embeddings.reshape(rows * dim), pa.float32())
    table = pa.table(
        {
            "cover_id": shard.cover_ids,
            "artwork_id": shard.artwork_ids,
            "embedding": pa.FixedSizeListArray.from_arrays(values, dim),
        }
    )
    data = io.BytesIO()
    pq.write_table(table, data)
    digest = hashlib.sha256("".join(sorted(shard.cover_ids)).encode()).hexdigest()
    key = f"{PREFIX}/{model}/{digest[:16]}.parquet"
    lake.write(key, data.getvalue())
    return key


def read_shard(lake: Lake, key: str) -> EmbeddingShard:
    """Read what write_shard wrote.

    Raises:
        NotFoundError: if there is no such shard.
        CratewatchError: if the object is not one.
    """
    try:
        table = pq.read_table(io.BytesIO(lake.read(key)))
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


def concatenate(parts: Sequence[EmbeddingShard]) -> EmbeddingShard:
    return EmbeddingShard(
        [cover_id for part in parts for cover_id in part.cover_ids],
        [artwork_id for part in parts for artwork_id in part.artwork_ids],
        np.concatenate([part.embeddings for part in parts]),
    )
