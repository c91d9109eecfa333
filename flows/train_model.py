"""Trains a model on covers of the catalog and a run of queries."""

from __future__ import annotations

from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from cratewatch.settings import Settings, load_settings
from flows.progress import progress_bar
from flows.retrying import AFTER_AN_OUTAGE
from workers import training
from workers.mailbox import TrainedModel
from workers.training_job import TrainRequest


@flow(name="train-model")
def train_model(home: Path, wanted: TrainRequest) -> TrainedModel:
    """Train on the training artworks of a run of queries; see workers.training.train()."""
    return train(load_settings(home=home), wanted)


@task(cache_policy=NO_CACHE, tags=["gpu"], **AFTER_AN_OUTAGE)
def train(settings: Settings, wanted: TrainRequest) -> TrainedModel:
    """Train in Ray workers; one that is tried again goes on from its last checkpoint."""
    with progress_bar("train") as advance:
        return training.train(settings, wanted, advance)
