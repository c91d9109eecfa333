"""Trains a model of words on Ray, data-parallel, as covers' models are trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cratewatch.errors import CratewatchError
from cratewatch.lake.opening import open_lake
from cratewatch.progress import Progress, unseen
from cratewatch.settings import Settings
from cratewatch.words.train_config import WordsConfig
from workers.cluster import fit_workers, ray_cluster
from workers.data_parallel import Task, note, run_task
from workers.mailbox import TrainedModel, TrainedWords
from workers.words_job import WordsJob


@dataclass(frozen=True)
class WordsRequest:
    """What is to be trained.

    Attributes:
        folder: A data set of persons, where every worker can read it.
        workers: Data-parallel workers; 0 for one on each GPU, or a single one on CPUs.
        gpu: Whether each worker has a GPU; None takes GPUs where the cluster has any.
    """

    folder: Path
    config: WordsConfig = field(default_factory=WordsConfig)
    workers: int = 0
    gpu: bool | None = None


def train_words(
    settings: Settings, wanted: WordsRequest, on_progress: Progress = unseen
) -> TrainedWords:
    """Train on a data set of persons with words, telling steps, loss, recall.

    Raises:
        NotFoundError: if the folder holds no such data set.
        CratewatchError: if a record or picture cannot be read, there are too few persons, the
            workers do not fit the cluster, or the loss is no number any more.
    """
    job = WordsJob(open_lake(settings.lake), wanted.folder, wanted.config)
    with ray_cluster(settings.ray_address, settings.home / "ray"):
        workers = fit_workers(wanted.workers, gpu=wanted.gpu)
        for event in run_task(Task(job, _read, work), workers):
            if isinstance(event, TrainedWords):
                return event
            assert not isinstance(event, TrainedModel)
            on_progress(event.step, event.steps, note(event))
    raise CratewatchError("training by words ended without a model; see the logs of Ray")


def _read(job: WordsJob) -> object:
    """Return what read_pairs() does."""
    from workers.words_worker import read_pairs

    return read_pairs(job)


def work(given: dict[str, Any]) -> None:
    """Do what words_worker.work() does."""
    from workers import words_worker

    words_worker.work(given)
