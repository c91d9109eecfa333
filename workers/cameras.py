"""Looks at several cameras at once: each has a process, and one that dies costs no other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import ray
from ray.exceptions import RayError, RayTaskError

from cratewatch.footage.analysing import FootageReport
from cratewatch.footage.run_folder import RUN, is_stream, read_run
from workers.camera import CameraJob
from workers.camera_actor import CameraActor, Outcome, Told
from workers.camera_models import Shared
from workers.camera_report import CameraReport
from workers.cluster import beside_driver, cpus

LOOK_EVERY_S = 0.5
MOST_RESTARTS = 3
RESTART_S = 1.0
"""Before a process that died is replaced; each wait is twice the one before."""
CALLS = 3
"""That a camera's process takes at once: while it works it tells how far it is, and is stopped."""
STOP_S = 60.0
"""For cameras that were stopped to write their files: one that hangs is waited for no longer."""


OnTold = Callable[[dict[str, Told]], None]


def analyse_cameras(
    jobs: Sequence[CameraJob], shared: Shared, on_told: OnTold
) -> Iterator[CameraReport]:
    """Look at cameras on the Ray cluster that is connected, yielding each as it is over.

    On KeyboardInterrupt all are stopped; the files of each are whole, and are told, too.

    Args:
        shared: What they share.
        on_told: Is told now and then how far each camera is, by name.
    """
    threads = max(1, cpus() // len(jobs))
    running = [_Running(job, shared, threads) for job in jobs]
    try:
        yield from _watch(running, on_told, None)
    except KeyboardInterrupt:
        for one in running:
            one.stop()
        yield from _watch(running, on_told, time.monotonic() + STOP_S)
    finally:
        for one in running:
            one.kill()


def _watch(
    running: Sequence[_Running], on_told: OnTold, until: float | None
) -> Iterator[CameraReport]:
    """Yield what comes of cameras; after a time those that are not over count as failed."""
    while left := [one for one in running if not one.is_over]:
        is_late = until is not None and time.monotonic() > until
        for one in left:
            if report := one.give_up() if is_late else one.look():
                yield report
        on_told({one.job.name: one.told for one in running})
        _wait_for_any([one.call for one in running if one.call is not None])


def _wait_for_any(calls: list[ray.ObjectRef[Any]]) -> None:
    try:
        if calls:
            ray.wait(calls, num_returns=1, timeout=LOOK_EVERY_S)
        else:
            time.sleep(LOOK_EVERY_S)
    except SystemError as error:  # what a signal handler raised, as Ray tells it
        raise error.__cause__ or error from None


class _Running:
    """A camera under way: its process, and those that replace it.

    Attributes:
        told: What it told last.
        call: Under way; None while there is no process.
        is_over: Whether its report was given.
    """

    def __init__(self, job: CameraJob, shared: Shared, threads: int) -> None:
        self.job = job
        self.told = Told()
        self.call: ray.ObjectRef[Any] | None = None
        self.is_over = self._is_stopped = False
        self._shared, self._threads = shared, threads
        self._asked: ray.ObjectRef[Any] | None = None
        self._restarts = self._lost = 0
        self._starts_at = time.monotonic()
        self._folders: list[Path] = []
        self._start()

    def _start(self) -> None:
        folder = self._next_folder()
        actor: Any = CameraActor
        placed = actor.options(
            num_cpus=0, max_concurrency=CALLS, scheduling_strategy=beside_driver()
        )
        job = replace(self.job, folder=folder)
        self._actor: Any = placed.remote(job, self._shared, self._threads)
        self.call = self._actor.run.remote()
        self._asked = None

    def _next_folder(self) -> Path:
        """Return where it writes: a file begins anew; of a stream what was written stays."""
        folder = self.job.folder
        if self._folders and _is_stream(self._folders[-1]):
            folder = folder.with_name(f"{folder.name}-{len(self._folders) + 1}")
        if folder not in self._folders:
            self._folders.append(folder)
        return folder

    def look(self) -> CameraReport | None:
        """Take what it tells; start it again if it is time to; return its report at the end."""
        if self.call is None:
            if time.monotonic() >= self._starts_at:
                self._start()
            return None
        self._ask()
        if not ray.wait([self.call], timeout=0)[0]:
            return None
        return self._end(self.call)

    def _ask(self) -> None:
        try:
            if self._asked is not None and ray.wait([self._asked], timeout=0)[0]:
                self.told = ray.get(self._asked)
                self._asked = None
        except RayError:  # it died, which the call tells
            return
        if self._asked is None:
            self._asked = self._actor.tell.remote()

    def _end(self, call: ray.ObjectRef[Any]) -> CameraReport | None:
        """Return what a call came to; None if its process died, and will be replaced."""
        try:
            came: Outcome = ray.get(call)
        except RayTaskError as error:  # a bug: others go on
            said = f"{type(error.cause).__name__}: {error.cause}"
            return self._over("failed", f"{self.job.name}: {said}", None)
        except RayError as error:
            return self._replace(error)
        if came.error:
            return self._over("failed", came.error, came.report)
        is_whole = came.report is not None and came.report.complete
        return self._over("done" if is_whole else "stopped", None, came.report)

    def _replace(self, error: RayError) -> CameraReport | None:
        self._lost += self.told.read
        self.told = Told()
        self.call = None
        said = f"{self.job.name}: its process died ({str(error).splitlines()[0]})"
        if self._is_stopped:
            return self._over("stopped", said, None)
        if self._restarts >= MOST_RESTARTS:
            return self._over("failed", f"{said}, {MOST_RESTARTS + 1} times", None)
        self._starts_at = time.monotonic() + RESTART_S * 2**self._restarts
        self._restarts += 1
        return None

    def give_up(self) -> CameraReport:
        """Return what became of one that does not stop."""
        said = f"{self.job.name}: was stopped, and had not ended {STOP_S:.0f} s later"
        return self._over("failed", said, None)

    def _over(
        self,
        state: Literal["done", "stopped", "failed"],
        error: str | None,
        report: FootageReport | None,
    ) -> CameraReport:
        self.is_over, self.call = True, None
        if report:
            self.told = replace(
                self.told, read=report.read, looked=report.frames, dropped=report.dropped
            )
        folders = [str(folder) for folder in self._folders]
        return CameraReport(
            self.job.name, state, error, self._restarts, self._lost, folders, report
        )

    def stop(self) -> None:
        """Have it end soon, its files whole."""
        self._is_stopped = True
        if self.call is None:
            self._starts_at = float("inf")
        else:
            self._actor.stop.remote()

    def kill(self) -> None:
        """End its process."""
        ray.kill(self._actor)


def _is_stream(folder: Path) -> bool:
    return (folder / RUN).is_file() and is_stream(read_run(folder))
