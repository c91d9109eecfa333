"""The process of one camera."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import ray

from cratewatch.errors import CratewatchError, UnavailableError
from cratewatch.footage.analysing import Analysis, FootageReport
from cratewatch.footage.events import Event
from cratewatch.footage.live import Calling
from cratewatch.footage.live_page import LivePage
from cratewatch.footage.run import Output, Seen
from cratewatch.footage.run_folder import read_run
from cratewatch.footage.sources import Source, open_source
from workers.camera import CameraJob, analyse, kept_persons, live_recording
from workers.camera_models import Shared, persons_of, sleeves_of


@dataclass(frozen=True)
class Told:
    """What a camera's process tells while it works.

    Attributes:
        read: Frames so far.
        looked: Of them.
        dropped: Of them.
        frames_per_s: That were looked at.
        page: Where it is shown; "" if it is not.
    """

    read: int = 0
    looked: int = 0
    dropped: int = 0
    frames_per_s: float = 0.0
    page: str = ""


@dataclass(frozen=True)
class Outcome:
    """What a camera's process came to; no report if it never began a run."""

    report: FootageReport | None
    error: str | None = None


@dataclass
class _Watched:
    """Counts what is looked at; an output like others."""

    looked: int = 0
    started: float = field(default_factory=time.monotonic)

    def write(self, seen: Seen) -> None:
        del seen
        self.looked += 1

    def write_end(self, events: Sequence[Event]) -> None:
        pass

    def close(self) -> None:
        pass


@ray.remote(max_restarts=0)
class CameraActor:
    """Looks at one camera; told to stop it ends as on Ctrl-C."""

    def __init__(self, job: CameraJob, shared: Shared, threads: int) -> None:
        self._job = job
        self._shared = shared
        self._threads = threads
        self._stopped = threading.Event()
        self._watched = _Watched()
        self._analysis: Analysis | None = None
        self._page = ""

    def run(self) -> Outcome:
        """Look at all of it; a run that is there, whole, is not run again."""
        try:
            return Outcome(self._run())
        except KeyboardInterrupt:
            return Outcome(self._left())
        except (CratewatchError, OSError) as error:  # OSError: a full disk, for one
            waited = isinstance(error, UnavailableError) and self._stopped.is_set()
            return Outcome(self._left(), None if waited else str(error))

    def _left(self) -> FootageReport | None:
        """Return the report of a run that did not come to its end."""
        report = read_run(self._job.folder)["report"] if self._analysis else None
        return FootageReport(**report) if report else None

    def _run(self) -> FootageReport:
        job = self._job
        calling = Calling(again_s=job.again_s, from_start=job.again_s > 0, stopped=self._stopped)
        source = open_source(job.where, calling=calling)
        try:
            persons = persons_of(self._shared, job.options, self._threads)
            analysis = Analysis(source, job.folder, job.options, persons, self._stopped)
            if report := analysis.begin():
                return report
            self._analysis = analysis
            sleeves = sleeves_of(self._shared, job.options, self._threads)
            return analyse(analysis, job.folder, source.name, sleeves, self._outputs(source))
        finally:
            source.close()

    def _outputs(self, source: Source) -> list[Output]:
        job = self._job
        outputs: list[Output] = [self._watched]
        outputs += live_recording(job.records, source, job.folder, job.name)
        if job.keeps_persons:
            outputs += kept_persons(job.keeps_persons, source, job.name, job.options.started_at)
        if job.shows:
            page = LivePage()
            self._page = page.url
            outputs.append(page)
        return outputs

    def tell(self) -> Told:
        """Return how far it is."""
        if self._analysis is None:
            return Told()
        passed_s = time.monotonic() - self._watched.started
        read, dropped = self._analysis.counts
        looked = self._watched.looked
        return Told(read, looked, dropped, looked / passed_s, self._page)

    def stop(self) -> None:
        """Have it end soon."""
        self._stopped.set()
