"""Embeds covers of the lake: actors load the model once, and take covers as they become free.

An actor has two lots of covers at once and its device one of them: while the network computes
for one, the other is read and decoded by threads. Decoding needs no CPU besides those that the
actor holds, so that nothing can wait for a CPU that never comes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Any

import numpy as np
import psutil
import ray

from cratewatch.catalog.records import Cover
from cratewatch.chunks import chunks
from cratewatch.embedding.arrays import Embeddings, Grey
from cratewatch.embedding.embedder import Embedder
from cratewatch.embedding.inference import AUTO, Inference
from cratewatch.embedding.loading import load_model
from cratewatch.embedding.preprocessing import frame_cover
from cratewatch.embedding.shards import EmbeddingShard, write_embeddings
from cratewatch.embedding.sizing import CPU_BATCH, GPU_BATCH, batch_for
from cratewatch.errors import CratewatchError, ImageError, NotFoundError
from cratewatch.images.reading import decode
from cratewatch.indexing.embedding import KeptShard
from cratewatch.lake.lake import Lake, cover_key
from workers.cluster import node_resources
from workers.pool import Pool, Quarantined

LOTS_EACH = 2
MOST_CPUS_EACH = 8
"""More threads of one process wait for each other; further actors take the other CPUs."""
READERS_EACH_CPU = 4
"""Threads that read and decode: those that wait for a store need no CPU."""
LOT = 256
"""Covers that are handed out at once where nothing is written."""


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


@dataclass(frozen=True)
class Crew:
    """The actors that embed; each has as many CPUs and GPUs, or parts of one.

    Attributes:
        node_share: Of the memory of its node, or of its GPU, that each may use.
    """

    count: int
    cpus_each: int
    gpus_each: float
    node_share: float


def embed_shards(
    lake: Lake, model: ModelUse, covers: Iterable[Cover], shard_covers: int
) -> Iterator[KeptShard]:
    """Embed covers and keep them in the lake, yielding each shard as it is done, in any order.

    Covers are taken from the iterable as they are needed. An actor that dies, with its GPU or
    node, is replaced, and what it had under way is embedded by others.

    Args:
        shard_covers: Covers of a shard: what a node that dies may make to be embedded again.

    Raises:
        UnavailableError: if the lake is away or full; no cover is at fault.
        CratewatchError: if the model cannot be loaded or makes no embeddings, or if actors do not
            start or die again and again.
    """
    lots = chunks(covers, shard_covers)
    yield from _map(lake, model, lots, _KEEP)


def embed_covers(lake: Lake, model: ModelUse, covers: Sequence[Cover]) -> Iterator[EmbeddedBatch]:
    """Embed covers, yielding batches as they finish, in any order; raises like embed_shards()."""
    lots = chunks(covers, LOT)
    yield from _map(lake, model, lots, _EMBED)


def embed_all(lake: Lake, model: ModelUse, covers: Sequence[Cover]) -> tuple[list[str], Embeddings]:
    """Return the ids of the covers that can be read and their (N, dim) embeddings."""
    done = [batch for batch in embed_covers(lake, model, covers) if batch.covers]
    ids = [cover.cover_id for batch in done for cover in batch.covers]
    if not ids:
        return [], np.zeros((0, 0), np.float32)
    return ids, np.concatenate([batch.embeddings for batch in done])


def crew_for(nodes: Sequence[Mapping[str, float]], inference: Inference = AUTO) -> Crew:
    """Fit actors onto a cluster: they share its GPUs if the model is to run there, else its CPUs.

    Nodes much smaller than the largest stay idle: actors are all alike.

    Args:
        nodes: What each has, by Ray's names.

    Raises:
        CratewatchError: if none fits: Ray would wait for resources for ever.
    """
    with_gpu = (
        [node for node in nodes if node.get("GPU", 0) >= 1] if _may_use_gpu(inference) else []
    )
    if with_gpu:
        cpus_per_gpu = min(node.get("CPU", 0) / int(node["GPU"]) for node in with_gpu)
        sharers = max(1, int(cpus_per_gpu) // MOST_CPUS_EACH)
        gpus = sum(int(node["GPU"]) for node in with_gpu)
        crew = Crew(gpus * sharers, int(cpus_per_gpu / sharers), 1 / sharers, 1 / sharers)
    else:
        cpus = max((int(node.get("CPU", 0)) for node in nodes), default=0)
        sharers = max(1, -(-cpus // MOST_CPUS_EACH))
        each = max(1, cpus // sharers)
        count = sum(int(node.get("CPU", 0)) // each for node in nodes)
        crew = Crew(count, cpus // sharers, 0, 1 / sharers)
    if not crew.cpus_each:
        raise CratewatchError(
            f"ray: no room to embed on {len(nodes)} nodes: an actor needs a CPU, and one for each "
            "GPU; start the nodes with more of them (`ray start --num-cpus`)"
        )
    return crew


def _may_use_gpu(inference: Inference) -> bool:
    on_cpu = inference.runtime == "openvino" or inference.precision == "int8"
    return inference.device != "cpu" and not on_cpu


@dataclass(frozen=True)
class _Errand:
    """What an actor is to do with a lot, and what stands for covers that no actor survives."""

    submit: Callable[[Any, list[Cover]], ray.ObjectRef[Any]]
    lost: Callable[[dict[str, str]], Any]


def _map(
    lake: Lake,
    model: ModelUse,
    lots: Iterator[list[Cover]],
    errand: _Errand,
    lots_each: int = LOTS_EACH,
) -> Iterator[Any]:
    """Yield what comes of each lot, and of each cover that no actor survives."""
    crew = crew_for(node_resources(), model.inference)
    first = list(islice(lots, crew.count))
    if not first:
        return
    actor: Any = _Embedder
    placed = actor.options(
        num_cpus=crew.cpus_each, num_gpus=crew.gpus_each, max_concurrency=lots_each
    )
    pool = Pool(lambda: placed.remote(lake, model, crew), len(first), lots_each)
    suspects: list[list[Cover]] = []
    with closing(pool.map(errand.submit, chain(first, lots))) as results:
        for made in results:
            if not isinstance(made, Quarantined):
                yield made
            elif len(made.item) == 1:
                yield errand.lost(
                    {made.item[0].cover_id: f"it ends whatever reads it: {made.reason}"}
                )
            else:
                suspects += ([cover] for cover in made.item)
    if suspects:  # one of them is at fault, and the others are not to suffer for it
        yield from _map(lake, model, iter(suspects), errand, lots_each=1)


_KEEP = _Errand(lambda actor, lot: actor.keep.remote(lot), lambda failed: KeptShard("", [], failed))
_EMBED = _Errand(
    lambda actor, lot: actor.embed.remote(lot),
    lambda failed: EmbeddedBatch([], np.zeros((0, 0), np.float32), failed),
)


@ray.remote(max_restarts=0)
class _Embedder:
    """Holds a model; several of its calls may run at once."""

    def __init__(self, lake: Lake, model: ModelUse, crew: Crew) -> None:
        self._lake = lake
        self._model = model
        self._crew = crew
        self._readers = ThreadPoolExecutor(READERS_EACH_CPU * crew.cpus_each)
        self._turn = threading.Lock()

    def ready(self) -> None:
        """Load the model. Not done at the start: Ray would tell a lake that is away as a death."""
        inference = replace(self._model.inference, threads=self._crew.cpus_each)
        self._embedder: Embedder = load_model(self._lake, self._model.name, inference)
        self._embedder.warm_up()
        self._batch = self._batch_size()

    def _batch_size(self) -> int:
        config, share = self._embedder.config, self._crew.node_share
        if self._crew.gpus_each:
            import torch  # takes seconds, and OpenVINO does without

            free, _ = torch.cuda.mem_get_info()
            return batch_for(config, int(share * free), GPU_BATCH)
        return batch_for(config, int(share * psutil.virtual_memory().available), CPU_BATCH)

    def keep(self, covers: list[Cover]) -> KeptShard:
        """Embed covers and write them to the lake."""
        made = self.embed(covers)
        ids = [cover.cover_id for cover in made.covers]
        artworks = [cover.artwork_id for cover in made.covers]
        shard = EmbeddingShard(ids, artworks, made.embeddings)
        key = write_embeddings(self._lake, self._model.name, shard) if ids else ""
        return KeptShard(key, ids, made.failed)

    def embed(self, covers: list[Cover]) -> EmbeddedBatch:
        """Embed covers; those that cannot be read are told with the reason."""
        kept: list[Cover] = []
        failed: dict[str, str] = {}
        parts: list[Embeddings] = []
        for part in chunks(covers, self._batch):
            grey: list[Grey] = []
            pictures = self._readers.map(self._picture, part)
            for cover, picture in zip(part, pictures, strict=True):
                if isinstance(picture, str):
                    failed[cover.cover_id] = picture
                else:
                    grey.append(picture)
                    kept.append(cover)
            with self._turn:
                parts.append(self._embedder.embed_grey(grey))
        return EmbeddedBatch(kept, np.concatenate(parts), failed)

    def _picture(self, cover: Cover) -> Grey | str:
        """Return what the network sees of a cover, or why it cannot be read."""
        config = self._embedder.config
        try:
            data = self._lake.read(cover_key(cover.cover_id))
            return frame_cover(decode(data, side_px=2 * config.image_px), config)
        except (ImageError, NotFoundError) as error:
            return str(error)
