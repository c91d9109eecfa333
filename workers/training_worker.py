"""What one of the workers of a training does."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import ray
import torch

from cratewatch.datasets.shards import Manifest, read_manifest, read_samples
from cratewatch.embedding.model_folder import save_model
from cratewatch.embedding.saved_models import describe_start, start_artworks
from cratewatch.errors import CratewatchError
from cratewatch.lake.lake import cover_key
from cratewatch.training.checkpoints import Checkpoints
from cratewatch.training.data import MIN_ARTWORKS, TrainingSet
from cratewatch.training.gradients import world
from cratewatch.training.loop import Trainer
from cratewatch.training.naming import training_name
from cratewatch.training.progress import TrainProgress
from cratewatch.training.sketch import make_props
from cratewatch.training.starting import start_folder
from cratewatch.training.validation import Validation
from workers.mailbox import TrainedModel
from workers.training_job import Job

PROPS_SEED = 0
MIN_SHARE_OF_RUN = 0.25  # one drawn of all covers shows one to train on in 60 % of its samples


def read_covers(job: Job) -> tuple[TrainingSet, TrainingSet | None]:
    """Decode covers and queries once for all workers.

    Raises:
        CratewatchError: if there are too few artworks, or queries of another catalog.
    """
    config = job.config
    props = make_props(PROPS_SEED) if config.draw.sketched or job.queries is None else None
    samples = list(read_samples(job.queries)) if job.queries is not None else []

    def collect(artwork_of: Mapping[str, str], least: int) -> TrainingSet:
        covers = ((cover_id, job.lake.read(cover_key(cover_id))) for cover_id in sorted(artwork_of))
        return TrainingSet(covers, samples, artwork_of, config.model, props, least)

    seen = collect(job.artwork_of, MIN_ARTWORKS)
    if job.queries is not None and seen.n_queries < MIN_SHARE_OF_RUN * len(samples):
        run = read_manifest(job.queries).run
        raise CratewatchError(
            f"queries {run}: {seen.n_queries} of its {len(samples)} show a cover to train on; it "
            "was drawn from another catalog or split: synthesize one here, with --split train"
        )
    unseen = collect(job.validation, 0)
    return seen, unseen if len(unseen.artworks) >= MIN_ARTWORKS else None


def work(given: dict[str, Any]) -> None:
    """Train as one of the workers; what the user can mend is told and not tried again.

    Args:
        given: job; data, a list of the reference to what read_covers returned; mailbox.
    """
    job: Job = given["job"]
    try:
        with start_folder(job.lake, job.config.weights) as start:
            _train(job, ray.get(given["data"][0]), given["mailbox"], start)
    except CratewatchError as error:
        ray.get(given["mailbox"].put.remote(error))


def _train(
    job: Job, data: tuple[TrainingSet, TrainingSet | None], mailbox: Any, start: str
) -> None:
    """Train.

    Args:
        start: What the network starts from, where this process can read it.
    """
    seen, unseen = data
    config = job.config
    resources = ray.get_runtime_context().get_assigned_resources()  # type: ignore[no-untyped-call]
    torch.set_num_threads(max(1, int(resources.get("CPU", 1))))
    first = world()[0] == 0
    run = read_manifest(job.queries) if job.queries is not None else None
    name = training_name(config, run.run if run else "", seen.artworks)
    checkpoints = Checkpoints(job.lake, name)
    validation = (
        Validation(seen, unseen, config.seed, config.draw.sketched) if first and unseen else None
    )
    device = "cuda" if resources.get("GPU") else "cpu"
    here = replace(config, weights=start)
    trainer = Trainer(seen, here, validation, checkpoints, device)
    progress = None
    for progress in trainer.steps():
        if first:
            mailbox.put.remote(progress)
    if first and progress is not None:
        ray.get(mailbox.put.remote(_save(replace(job, config=here), seen, run, trainer, progress)))
        checkpoints.drop()


def _save(
    job: Job, data: TrainingSet, run: Manifest | None, trainer: Trainer, end: TrainProgress
) -> TrainedModel:
    provenance = _provenance(job, run, data, trainer, end)
    confused = [
        (data.artworks[number], data.artworks[other]) for number, other in trainer.taken_for.items()
    ]
    known = sorted(start_artworks(job.config.weights) | set(data.artworks))
    name = save_model(job.lake, trainer.net, job.config.model, provenance, known, confused)
    recall = trainer.recall.at_1 if trainer.recall else None
    return TrainedModel(name, len(data.artworks), data.n_queries, end.loss, recall, end.seconds)


def _provenance(
    job: Job, run: Manifest | None, data: TrainingSet, trainer: Trainer, end: TrainProgress
) -> dict[str, Any]:
    settings = {key: value for key, value in asdict(job.config).items() if key != "model"}
    artworks = hashlib.sha256("\n".join(data.artworks).encode()).hexdigest()
    start, started_from = describe_start(job.config.weights)
    return {
        "training": {
            "queries_run": run.run if run else "",
            "queries_seed": run.seed if run else 0,
            "n_queries": data.n_queries,
            "n_artworks": len(data.artworks),
            "artworks_sha256": artworks,
            "workers": world()[1],
            "left_out": dict(job.left_out),
            **settings,
            "weights": start,
            "started_from": started_from,
        },
        "metrics": {
            "final_loss": end.loss,
            "seconds": round(end.seconds, 1),
            "waiting": round(end.waiting, 4),
            "validation": trainer.history,
        },
    }
