"""Trains a model in a Ray worker and streams its progress back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import ray
import torch

from cratewatch.embedding import save_model
from cratewatch.lake import Lake, cover_key
from cratewatch.shards import Manifest, RunFolder, read_manifest, read_samples
from cratewatch.training.data import TrainingSet
from cratewatch.training.loop import TrainConfig, Trainer, TrainProgress
from workers.cluster import node_cpus, result


@dataclass(frozen=True)
class TrainedModel:
    """The end of a training: the model's name in the lake."""

    name: str
    artworks: int
    queries: int
    loss: float
    seconds: float


def train_model(
    lake: Lake, queries: RunFolder, artwork_of: Mapping[str, str], config: TrainConfig
) -> Iterator[TrainProgress | TrainedModel]:
    """Train on a run of shards; yields progress after each step and the model at the end.

    Args:
        lake: Holds the covers and receives the model.
        artwork_of: The artwork id of each cover id of the training split.
    """
    train: Any = _train
    stream = train.options(num_cpus=node_cpus()).remote(
        lake, queries, dict(artwork_of), config, node_cpus()
    )
    for reference in stream:
        yield result(reference)


@ray.remote(num_returns="streaming", max_retries=0)
def _train(
    lake: Lake, queries: RunFolder, artwork_of: dict[str, str], config: TrainConfig, threads: int
) -> Iterator[TrainProgress | TrainedModel]:
    torch.set_num_threads(threads)
    covers = ((cover_id, lake.read(cover_key(cover_id))) for cover_id in sorted(artwork_of))
    data = TrainingSet(covers, read_samples(queries), artwork_of, config.model)
    trainer = Trainer(data, config)
    for progress in trainer.steps():
        yield progress
    name = save_model(
        lake,
        trainer.net,
        config.model,
        _provenance(read_manifest(queries), data, config, progress),
        data.artworks,
    )
    yield TrainedModel(name, len(data.artworks), data.n_queries, progress.loss, progress.seconds)


def _provenance(
    manifest: Manifest, data: TrainingSet, config: TrainConfig, end: TrainProgress
) -> dict[str, Any]:
    settings = {key: value for key, value in asdict(config).items() if key != "model"}
    artworks = hashlib.sha256("\n".join(data.artworks).encode()).hexdigest()
    return {
        "training": {
            "queries_run": manifest.run,
            "queries_seed": manifest.seed,
            "n_queries": data.n_queries,
            "n_artworks": len(data.artworks),
            "artworks_sha256": artworks,
            **settings,
        },
        "metrics": {"final_loss": end.loss, "seconds": round(end.seconds, 1)},
    }
