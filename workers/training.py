"""Trains a model of covers on Ray, data-parallel, and streams its progress back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cratewatch.errors import CratewatchError
from cratewatch.progress import Progress, unseen
from cratewatch.settings import Settings
from cratewatch.training.progress import TrainProgress
from workers.cluster import Workers, fit_workers, ray_cluster
from workers.data_parallel import Task, note, run_task
from workers.mailbox import TrainedModel
from workers.training_job import Job, TrainRequest, plan


def train(settings: Settings, wanted: TrainRequest, on_progress: Progress = unseen) -> TrainedModel:
    """Train on the training artworks of the catalog, telling steps, loss, recall.

    Raises:
        NotFoundError: if there is no run of queries.
        CratewatchError: if there are too few artworks, the workers do not fit the cluster, or
            training collapses.
    """
    with ray_cluster(settings.ray_address, settings.home / "ray"):
        workers = fit_workers(wanted.workers, gpu=wanted.gpu)
        for event in run_training(plan(settings, wanted), workers):
            if isinstance(event, TrainedModel):
                return event
            on_progress(event.step, event.steps, note(event))
    raise CratewatchError("training ended without a model; see the logs of Ray")


def run_training(job: Job, workers: Workers) -> Iterator[TrainProgress | TrainedModel]:
    """Train; yields progress as it comes and the model at the end; see run_task().

    Raises:
        CratewatchError: if there are too few artworks, the training collapses, a checkpoint or a
            cover cannot be read, workers keep dying, or nodes were lost without which the workers
            have no room.
    """
    for event in run_task(Task(job, _read, work), workers):
        if isinstance(event, TrainProgress | TrainedModel):
            yield event


def _read(job: Job) -> object:
    """Return what read_covers() does."""
    from workers.training_worker import read_covers

    return read_covers(job)


def work(given: dict[str, Any]) -> None:
    """Do what training_worker.work() does."""
    from workers import training_worker

    training_worker.work(given)
