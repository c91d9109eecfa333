"""What one of the workers of a training by words does."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict
from typing import Any

import ray
import torch

from cratewatch.errors import CratewatchError
from cratewatch.progress import Progress
from cratewatch.training.checkpoints import Checkpoints
from cratewatch.training.gradients import world
from cratewatch.training.progress import FitProgress, TrainProgress
from cratewatch.words.datasets import read_persons
from cratewatch.words.evaluation import measure
from cratewatch.words.networks import picture_size
from cratewatch.words.pairs import MARGIN, PairSet, is_held_back
from cratewatch.words.saving import PREFIX, save_words
from cratewatch.words.train_config import WordsConfig
from cratewatch.words.training import WordsTrainer
from cratewatch.words.trait_fit import fit_traits
from workers.mailbox import TrainedWords
from workers.words_job import WordsJob

LEAST_VALIDATED = 2
"""Persons; fewer say nothing."""


def read_pairs(job: WordsJob) -> tuple[PairSet, PairSet | None]:
    """Decode pictures once for all workers: those to train on, and those to validate on.

    Raises:
        NotFoundError: if the folder holds no data set.
        CratewatchError: if a record or picture cannot be read, or there are too few persons.
    """
    persons = read_persons(job.folder)
    share, size_px = job.config.validation, picture_size(job.config)
    seen = [person for person in persons if not is_held_back(person.identity, share)]
    unseen = [person for person in persons if is_held_back(person.identity, share)]
    enough = len({person.identity for person in unseen}) >= LEAST_VALIDATED
    margin = 1.0 if job.config.least_squares else MARGIN
    pictures = (PairSet(persons, size_px, margin) for persons in (seen, unseen)[: 1 + enough])
    return next(pictures), next(pictures, None)


def work(given: dict[str, Any]) -> None:
    """Train as one of the workers; what the user can mend is told and not tried again.

    Args:
        given: job; data, a list of the reference to what read_pairs returned; mailbox.
    """
    job: WordsJob = given["job"]
    try:
        _train(job, ray.get(given["data"][0]), given["mailbox"])
    except CratewatchError as error:
        ray.get(given["mailbox"].put.remote(error))


def _train(job: WordsJob, data: tuple[PairSet, PairSet | None], mailbox: Any) -> None:
    seen, unseen = data
    resources = ray.get_runtime_context().get_assigned_resources()  # type: ignore[no-untyped-call]
    torch.set_num_threads(max(1, int(resources.get("CPU", 1))))
    first = world()[0] == 0
    if job.config.least_squares:
        if first:
            ray.get(mailbox.put.remote(_fit(job, seen, unseen, _telling(mailbox))))
        return
    checkpoints = Checkpoints(job.lake, training_name(job.config, seen))
    device = "cuda" if resources.get("GPU") else "cpu"
    trainer = WordsTrainer(seen, job.config, unseen if first else None, checkpoints, device)
    progress = None
    for progress in trainer.steps():
        if first:
            mailbox.put.remote(progress)
    if first and progress is not None:
        ray.get(mailbox.put.remote(_save(job, seen, trainer, progress)))
        checkpoints.drop()


def training_name(config: WordsConfig, data: PairSet) -> str:
    """Return a name that changes with whatever changes what is learned."""
    described = json.dumps([asdict(config), data.identities, len(data)], sort_keys=True)
    return f"words_{hashlib.sha256(described.encode()).hexdigest()[:12]}"


def _telling(mailbox: Any) -> Progress:
    def tell(done: int, total: int | None, doing: str) -> None:
        mailbox.put.remote(FitProgress(done, total or done, doing))

    return tell


def _fit(
    job: WordsJob, seen: PairSet, unseen: PairSet | None, on_progress: Progress
) -> TrainedWords:
    """Fit in one go: it takes minutes, so that there are no checkpoints."""
    start = time.monotonic()
    net = fit_traits(seen, job.config, on_progress)
    recall = measure(net, unseen, job.config).recall[1] if unseen is not None else None
    seconds = time.monotonic() - start
    metrics = {
        "unexplained": net.unexplained(),
        "seconds": round(seconds, 1),
        "validation": [] if recall is None else [{"recall_at_1": recall}],
    }
    return _saved(job, seen, net, metrics, (net.unexplained(), recall, seconds))


def _save(job: WordsJob, data: PairSet, trainer: WordsTrainer, end: TrainProgress) -> TrainedWords:
    recall = trainer.recall.at_1 if trainer.recall else None
    metrics = {
        "final_loss": end.loss,
        "seconds": round(end.seconds, 1),
        "validation": trainer.history,
    }
    return _saved(job, data, trainer.net, metrics, (end.loss, recall, end.seconds))


def _saved(
    job: WordsJob,
    data: PairSet,
    net: Any,
    metrics: dict[str, Any],
    reached: tuple[float, float | None, float],
) -> TrainedWords:
    """Save a model and tell of it.

    Args:
        reached: Loss, recall at 1, seconds.
    """
    name = save_words(job.lake, net, job.config, metrics)
    return TrainedWords(name, f"{PREFIX}/{name}", len(data.identities), len(data), *reached)
