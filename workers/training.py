"""Trains a model with Ray Train, data-parallel, and streams its progress back."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import ray
import torch
from ray.train import FailureConfig, RunConfig, ScalingConfig, TrainingFailedError
from ray.train.torch import TorchTrainer

from cratewatch.datasets.shards import Manifest, read_manifest, read_samples
from cratewatch.embedding.model_folder import save_model
from cratewatch.embedding.saved_models import describe_start, start_artworks
from cratewatch.errors import CratewatchError
from cratewatch.lake.lake import cover_key
from cratewatch.progress import Progress, unseen
from cratewatch.settings import Settings
from cratewatch.training.checkpoints import Checkpoints
from cratewatch.training.data import MIN_ARTWORKS, TrainingSet
from cratewatch.training.gradients import world
from cratewatch.training.loop import Trainer, TrainProgress
from cratewatch.training.naming import training_name
from cratewatch.training.sketch import make_props
from cratewatch.training.starting import start_folder
from cratewatch.training.validation import Validation
from workers.cluster import Workers, beside_driver, fit_workers, fits, ray_cluster, result
from workers.training_job import Job, TrainRequest, plan

POLL_S = 0.5
LEAVE_S = 15.0
RESTARTS = 3
PATIENCE_S = 120.0  # with a cluster that lost a node: another may be starting
PROPS_SEED = 0
MENTIONED = 0.05
"""Share of waiting for batches from which on it is worth a word."""
MIN_SHARE_OF_RUN = 0.25  # one drawn of all covers shows one to train on in 60 % of its samples


@dataclass(frozen=True)
class TrainedModel:
    """The end of a training: the model's name in the lake."""

    name: str
    artworks: int
    queries: int
    loss: float
    recall_at_1: float | None
    seconds: float


Event = TrainProgress | TrainedModel | CratewatchError


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
            on_progress(event.step, event.steps, _note(event))
    raise CratewatchError("training ended without a model; see the logs of Ray")


def _note(event: TrainProgress) -> str:
    parts = [f"loss {event.loss:.2f}"]
    if event.waiting >= MENTIONED:
        parts.append(f"waiting {event.waiting:.0%}")
    if event.recall is not None:
        parts.insert(1, f"recall@1 {event.recall.at_1:.0%}")
    return ", ".join(parts)


def run_training(job: Job, workers: Workers) -> Iterator[TrainProgress | TrainedModel]:
    """Train; yields progress as it comes and the model at the end.

    A worker that dies, or its node, is replaced, at most RESTARTS times, and the training goes on
    from its latest checkpoint, as it does when the same job is given again later.

    Raises:
        CratewatchError: if there are too few artworks, the training collapses, a checkpoint or a
            cover cannot be read, workers keep dying, or nodes were lost without which the workers
            have no room.
    """
    read: Any = _read
    data = read.remote(job)
    result(data)
    mailbox: Any = ray.remote(num_cpus=0)(_Mailbox)
    mailbox = mailbox.options(scheduling_strategy=beside_driver()).remote()
    fit: Any = _fit
    # In a list the reference itself is passed on, not what it stands for.
    running = fit.options(scheduling_strategy=beside_driver()).remote(job, [data], mailbox, workers)
    room = _Room(workers)
    ended, model = False, None
    try:
        while not ended:
            ended = bool(ray.wait([running], timeout=POLL_S)[0])
            for event in result(mailbox.take.remote()):
                if isinstance(event, CratewatchError):
                    raise event
                if isinstance(event, TrainedModel):
                    model = event  # told once Ray Train has ended its workers
                else:
                    yield event
            room.check()
        result(running)
        if model is not None:
            yield model
    except CratewatchError:  # of which the workers mostly end by themselves
        ended = ended or bool(ray.wait([running], timeout=LEAVE_S)[0])
        raise
    finally:
        if not ended:  # Ray tells whoever looks on that a task which has ended died
            ray.cancel(running)


class _Room:
    """Notices that nodes were lost: Ray Train would wait for others for ever."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._last = time.monotonic()

    def check(self) -> None:
        """Raise CratewatchError if the workers have had no room for PATIENCE_S."""
        now = time.monotonic()
        if fits(self._workers):
            self._last = now
        elif now - self._last > PATIENCE_S:
            raise CratewatchError(
                f"training: the Ray cluster lost nodes, and {self._workers.count} workers of "
                f"{self._workers.cpus_each} CPUs no longer fit; bring nodes back or ask for fewer "
                "--workers, and run the command again: it goes on from the last checkpoint"
            )


class _Mailbox:
    """Holds what workers tell until the command asks for it."""

    def __init__(self) -> None:
        self._events: list[Event] = []

    def put(self, event: Event) -> None:
        self._events.append(event)

    def take(self) -> list[Event]:
        events, self._events = self._events, []
        return events


@ray.remote(num_cpus=0)  # if its node dies it runs again, while the workers hold all CPUs
def _read(job: Job) -> tuple[TrainingSet, TrainingSet | None]:
    """Decode covers and queries once for all workers."""
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


@ray.remote(num_cpus=0, max_retries=0)
def _fit(job: Job, data: list[Any], mailbox: Any, workers: Workers) -> None:
    """Run Ray Train; its own storage stays empty, since checkpoints go to the lake."""
    resources = {"CPU": float(workers.cpus_each)} | ({"GPU": 1.0} if workers.gpu else {})
    with tempfile.TemporaryDirectory() as storage:
        trainer = TorchTrainer(
            _work,
            train_loop_config={"job": job, "data": data, "mailbox": mailbox},
            scaling_config=ScalingConfig(
                num_workers=workers.count, use_gpu=workers.gpu, resources_per_worker=resources
            ),
            run_config=RunConfig(
                storage_path=storage, failure_config=FailureConfig(max_failures=RESTARTS)
            ),
        )
        try:
            trainer.fit()
        except TrainingFailedError as error:
            last = str(error).strip().splitlines()[-1]
            raise CratewatchError(
                f"training: workers failed {RESTARTS + 1} times, the last one by {last}; see the "
                "logs of Ray, and run the same command again: it goes on from the last checkpoint"
            ) from error


def _work(given: dict[str, Any]) -> None:
    """Train as one of the workers; what the user can mend is told and not tried again."""
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
