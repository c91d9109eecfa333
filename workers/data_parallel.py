"""Trains on Ray, data-parallel: whatever reads data and works step by step, and tells its progress.

PyTorch, which takes seconds to import, is imported by those workers that compute.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import ray
from ray.exceptions import RayError

from cratewatch.errors import CratewatchError
from cratewatch.training.progress import FitProgress, TrainProgress
from workers.cluster import Workers, beside_driver, fits, result
from workers.mailbox import Mailbox, Trained

POLL_S = 0.5
LEAVE_S = 15.0
RESTARTS = 3
PATIENCE_S = 120.0  # with a cluster that lost a node: another may be starting
MENTIONED = 0.05
"""Share of waiting for batches from which on it is worth a word."""


@dataclass(frozen=True)
class Task:
    """A training as workers do it.

    Attributes:
        job: What read and work need to know.
        read: Returns the data of a job, once for all workers.
        work: Trains as one of the workers, given a mapping: job; data, a list of the reference to
            what read returned; mailbox, which is told events.
    """

    job: Any
    read: Callable[[Any], object]
    work: Callable[[dict[str, Any]], None]


def note(event: TrainProgress | FitProgress) -> str:
    """Return what a progress bar says beside the steps."""
    if isinstance(event, FitProgress):
        return event.doing
    parts = [f"loss {event.loss:.2f}"]
    if event.waiting >= MENTIONED:
        parts.append(f"waiting {event.waiting:.0%}")
    if event.recall is not None:
        parts.insert(1, f"recall@1 {event.recall.at_1:.0%}")
    return ", ".join(parts)


def run_task(task: Task, workers: Workers) -> Iterator[TrainProgress | FitProgress | Trained]:
    """Train; yields progress as it comes and the model at the end.

    A worker that dies, or its node, is replaced, at most RESTARTS times, and the training goes on
    from its latest checkpoint, as it does when the same job is given again later.

    Raises:
        CratewatchError: if reading or a worker raises one, workers keep dying, or nodes were lost
            without which the workers have no room.
    """
    # If its node dies it is read again, while the workers hold all CPUs.
    read: Any = ray.remote(num_cpus=0, num_returns=2)(_read)
    data, done = read.remote(task)
    result(done)
    mailbox: Any = ray.remote(num_cpus=0)(Mailbox)
    mailbox = mailbox.options(scheduling_strategy=beside_driver()).remote()
    running = _begin(task, data, mailbox, workers)
    room = _Room(workers)
    ended, model = False, None
    try:
        while not ended:
            ended = bool(ray.wait([running], timeout=POLL_S)[0])
            for event in result(mailbox.take.remote()):
                if isinstance(event, CratewatchError):
                    raise event
                if isinstance(event, Trained):
                    model = event  # told once the workers have ended
                else:
                    yield event
            room.check()
        _finish(running)
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


def _begin(task: Task, data: Any, mailbox: Any, workers: Workers) -> ray.ObjectRef[Any]:
    """Begin the training.

    One worker is a task, which Ray itself starts again where it ended. Several are Ray Train's,
    whose own processes cost as long as many a training of one takes.
    """
    # In a list the reference itself is passed on, not what it stands for.
    given = {"job": task.job, "data": [data], "mailbox": mailbox}
    if workers.count > 1:
        fit: Any = _fit.options(scheduling_strategy=beside_driver())
        return cast("ray.ObjectRef[Any]", fit.remote(task.work, given, workers))
    one: Any = ray.remote(task.work).options(
        num_cpus=workers.cpus_each,
        num_gpus=float(workers.gpu),
        max_retries=RESTARTS,
        retry_exceptions=True,
    )
    return cast("ray.ObjectRef[Any]", one.remote(given))


def _read(task: Task) -> tuple[object, None]:
    """Return what a task reads, and that it is done: to ask for that brings no data here."""
    return task.read(task.job), None


@ray.remote(num_cpus=0, max_retries=0)
def _fit(work: Callable[[dict[str, Any]], None], given: dict[str, Any], workers: Workers) -> None:
    """Run Ray Train; its own storage stays empty, since checkpoints go to the lake."""
    from ray.train import FailureConfig, RunConfig, ScalingConfig, TrainingFailedError
    from ray.train.torch import TorchTrainer

    resources = {"CPU": float(workers.cpus_each)} | ({"GPU": 1.0} if workers.gpu else {})
    with tempfile.TemporaryDirectory() as storage:
        trainer = TorchTrainer(
            work,
            train_loop_config=given,
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
            raise _given_up(error) from error


def _finish(running: ray.ObjectRef[Any]) -> None:
    try:
        ray.get(running)
    except RayError as error:
        cause = getattr(error, "cause", error)
        raise cause if isinstance(cause, CratewatchError) else _given_up(cause) from None


def _given_up(error: Exception) -> CratewatchError:
    last = (str(error).strip() or type(error).__name__).splitlines()[-1]
    return CratewatchError(
        f"training: workers failed {RESTARTS + 1} times, the last one by {last}; see the "
        "logs of Ray, and run the same command again: it goes on from the last checkpoint"
    )
