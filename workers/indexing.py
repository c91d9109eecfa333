"""Embeds the covers that an index is missing: what cratewatch.indexing asks for, by Ray."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

from cratewatch.catalog.records import Cover
from cratewatch.embedding.inference import AUTO, Inference
from cratewatch.indexing.embedding import Embed, KeptShard
from cratewatch.lake.lake import Lake

SHARD_COVERS = 1024


def embed_by_ray(address: str, state: Path, lake: Lake, inference: Inference = AUTO) -> Embed:
    """Return who embeds covers on a Ray cluster, which is connected to while there are some.

    Args:
        address: A Ray address, or "local" for a cluster of this process's own.
        state: Folder that receives the logs and sockets of a local cluster.
    """

    def embed(model: str, covers: Iterator[Cover]) -> Generator[KeptShard, None, None]:
        from workers.cluster import ray_cluster  # Ray takes seconds, and most nights bring nothing
        from workers.embedding import ModelUse, embed_shards

        with ray_cluster(address, state):
            yield from embed_shards(lake, ModelUse(model, inference), covers, SHARD_COVERS)

    return embed
