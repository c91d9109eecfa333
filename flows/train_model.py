"""Trains a model on covers of the catalog and a run of queries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from cratewatch.catalog.catalog import open_catalog
from cratewatch.catalog.records import Cover
from cratewatch.datasets.runs import find_run
from cratewatch.datasets.shards import RunFolder
from cratewatch.datasets.splits import in_validation, seen_artworks, split_of
from cratewatch.embedding.inference import AUTO, Inference
from cratewatch.embedding.saved_models import shipped_models, start_artworks
from cratewatch.errors import CratewatchError
from cratewatch.lake.lake import Lake
from cratewatch.lake.location import open_lake
from cratewatch.settings import load_settings
from cratewatch.training.leaks import Leak, leaks_by_embedding, leaks_by_hash, refuse_leaks
from cratewatch.training.loop import TrainConfig, TrainProgress
from flows.progress import progress_bar
from workers.cluster import Workers, fit_workers, ray_cluster
from workers.embedding import ModelUse, embed_all
from workers.training import Job, TrainedModel, run_training

MENTIONED = 0.05
"""Share of waiting for batches from which on it is worth a word."""


@flow(name="train-model")
def train_model(
    home: Path,
    config: TrainConfig,
    queries: str = "",
    workers: int = 0,
    gpu: bool | None = None,
) -> TrainedModel:
    """Train on the training artworks of a run of queries.

    Args:
        queries: Name of a run in the lake, or a folder of shards; the latest run by default,
            and none where every query is to be drawn on the fly.
        workers: Data-parallel workers; 0 for one on each GPU, or a single one on CPUs.
        gpu: Whether each worker has a GPU; None takes GPUs where the cluster has any.

    Raises:
        NotFoundError: if there is no run.
        CratewatchError: if there are too few artworks, the workers do not fit the cluster, or
            training collapses.
    """
    settings = load_settings(home=home)
    lake = open_lake(settings.lake)
    covers = catalog_covers(settings.catalog_url)
    with ray_cluster(settings.ray_address, settings.home / "ray"):
        fitted = fit_workers(workers, gpu=gpu)
        sketches = config.draw.sketched == 1.0 and not queries
        run = None if sketches else find_run(lake, queries, "train")
        leaks = find_leaks(lake, covers, settings.inference)
        return train(plan_job(lake, run, covers, leaks, config), fitted)


@task(cache_policy=NO_CACHE)
def catalog_covers(catalog_url: str) -> list[Cover]:
    catalog = open_catalog(catalog_url)
    try:
        return catalog.covers()
    finally:
        catalog.close()


@task(cache_policy=NO_CACHE)
def find_leaks(lake: Lake, covers: Sequence[Cover], inference: Inference = AUTO) -> list[Leak]:
    """Find covers of the training side that look like a held-out one.

    By perceptual hash, and by the embeddings of the model that ships, which no training here
    has a hand in.
    """
    train_side = [cover for cover in covers if not _is_held_out(cover)]
    held_out = [cover for cover in covers if _is_held_out(cover)]
    leaks = leaks_by_hash(train_side, held_out)
    for model in shipped_models()[-1:]:
        use = ModelUse(model, inference)
        ours, theirs = embed_all(lake, use, train_side), embed_all(lake, use, held_out)
        leaks += leaks_by_embedding(*ours, *theirs)
    return leaks


def plan_job(
    lake: Lake,
    run: RunFolder | None,
    covers: Sequence[Cover],
    leaks: Sequence[Leak],
    config: TrainConfig,
) -> Job:
    """Say what is trained on and what is validated on; what leaks is left out.

    Raises:
        CratewatchError: if too much leaks.
    """
    kept = refuse_leaks([cover for cover in covers if not _is_held_out(cover)], leaks)
    known = seen_artworks(covers, start_artworks(config.weights))
    validation = [c for c in covers if in_validation(c.artwork_id) and c.artwork_id not in known]
    reasons = {leak.cover_id: f"like {leak.held_out_id} ({leak.found_by})" for leak in leaks}
    return Job(lake, run, _artworks(kept), _artworks(validation), config, reasons)


def _is_held_out(cover: Cover) -> bool:
    return split_of(cover.artwork_id) == "test" or in_validation(cover.artwork_id)


def _artworks(covers: Sequence[Cover]) -> dict[str, str]:
    return {cover.cover_id: cover.artwork_id for cover in covers}


@task(cache_policy=NO_CACHE)
def train(job: Job, workers: Workers) -> TrainedModel:
    """Train in Ray workers, showing the loss, the recall and the time left."""
    with progress_bar("train") as advance:
        for event in run_training(job, workers):
            if isinstance(event, TrainedModel):
                return event
            advance(event.step, event.steps, _note(event))
    raise CratewatchError("training ended without a model; see the logs of Ray")


def _note(event: TrainProgress) -> str:
    parts = [f"loss {event.loss:.2f}"]
    if event.waiting >= MENTIONED:
        parts.append(f"waiting {event.waiting:.0%}")
    if event.recall is not None:
        parts.insert(1, f"recall@1 {event.recall.at_1:.0%}")
    return ", ".join(parts)
