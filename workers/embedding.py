"""Embeds covers of the lake in parallel: an actor loads the model once and takes batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import ray
import torch

from cratewatch.catalog import Cover
from cratewatch.embedding import Embedder, Embeddings, batches, load_model
from cratewatch.errors import ImageError, NotFoundError
from cratewatch.images import decode
from cratewatch.inference import AUTO, Inference
from cratewatch.lake import Lake, cover_key
from workers.cluster import node_cpus, run_bounded

BATCH = 64


@dataclass(frozen=True)
class ModelUse:
    """A model of the lake and how it is to run."""

    name: str
    inference: Inference = AUTO


@dataclass(frozen=True)
class EmbeddedBatch:
    """Covers with their (N, dim) embeddings, and the reason of each cover that has none."""

    covers: list[Cover]
    embeddings: Embeddings
    failed: dict[str, str] = field(default_factory=dict)


def embed_covers(lake: Lake, model: ModelUse, covers: Sequence[Cover]) -> Iterator[EmbeddedBatch]:
    """Embed covers, yielding batches as they finish, in any order."""
    actor: Any = _Embedder
    embedder = actor.options(num_cpus=node_cpus()).remote(lake, model, node_cpus())
    chunks = (list(covers[part]) for part in batches(len(covers), BATCH))
    try:
        # Two batches under way: one is computed while the other waits in the actor's queue.
        yield from run_bounded(lambda chunk: embedder.embed.remote(chunk), chunks, limit=2)
    finally:
        ray.kill(embedder)


def embed_all(lake: Lake, model: ModelUse, covers: Sequence[Cover]) -> tuple[list[str], Embeddings]:
    """Return the ids of the covers that can be read and their (N, dim) embeddings."""
    if not covers:
        return [], np.zeros((0, 0), np.float32)
    done = list(embed_covers(lake, model, covers))
    ids = [cover.cover_id for batch in done for cover in batch.covers]
    return ids, np.concatenate([batch.embeddings for batch in done])


@ray.remote(max_restarts=2, max_task_retries=2)
class _Embedder:
    def __init__(self, lake: Lake, model: ModelUse, threads: int) -> None:
        torch.set_num_threads(threads)
        self._lake = lake
        self._model = model
        self._embedder: Embedder | None = None

    def embed(self, covers: list[Cover]) -> EmbeddedBatch:
        # Not loaded when the actor starts: Ray would tell a lake that is away as a dead actor.
        if self._embedder is None:
            self._embedder = load_model(self._lake, self._model.name, self._model.inference)
        images, kept, failed = [], [], {}
        side_px = 2 * self._embedder.config.image_px
        for cover in covers:
            try:
                images.append(decode(self._lake.read(cover_key(cover.cover_id)), side_px=side_px))
                kept.append(cover)
            except (ImageError, NotFoundError) as error:
                failed[cover.cover_id] = str(error)
        return EmbeddedBatch(kept, self._embedder.embed_covers(images), failed)
