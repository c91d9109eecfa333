"""Trains a model on a run of queries."""

from __future__ import annotations

from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from cratewatch.catalog import open_catalog
from cratewatch.errors import CratewatchError
from cratewatch.lake import Lake, open_lake
from cratewatch.settings import load_settings
from cratewatch.shards import RunFolder, find_run
from cratewatch.splits import in_split
from cratewatch.training.loop import TrainConfig
from flows.progress import progress_bar
from workers.cluster import ray_cluster
from workers.training import TrainedModel
from workers.training import train_model as run_training


@flow(name="train-model")
def train_model(home: Path, config: TrainConfig, queries: str = "") -> TrainedModel:
    """Train on the training artworks of a run of queries.

    Args:
        queries: Name of a run in the lake, or a folder of shards; the latest run by default.

    Raises:
        NotFoundError: if there is no run.
        CratewatchError: if there are too few artworks or training collapses.
    """
    settings = load_settings(home=home)
    lake = open_lake(settings.lake)
    artwork_of = training_artworks(settings.catalog_url)
    with ray_cluster(settings.ray_address, settings.home / "ray"):
        return train(lake, find_run(lake, queries, "train"), artwork_of, config)


@task(cache_policy=NO_CACHE)
def training_artworks(catalog_url: str) -> dict[str, str]:
    """Return the artwork of each cover on the training side of the split."""
    catalog = open_catalog(catalog_url)
    try:
        return {
            cover.cover_id: cover.artwork_id
            for cover in catalog.covers()
            if in_split(cover.artwork_id, "train")
        }
    finally:
        catalog.close()


@task(cache_policy=NO_CACHE)
def train(
    lake: Lake, run: RunFolder, artwork_of: dict[str, str], config: TrainConfig
) -> TrainedModel:
    """Train in a Ray worker, showing the loss as it goes."""
    with progress_bar("train") as advance:
        for event in run_training(lake, run, artwork_of, config):
            if isinstance(event, TrainedModel):
                return event
            advance(event.step, event.steps, f"loss {event.loss:.4f}")
    raise CratewatchError("training ended without a model; see the logs of Ray")
