"""Analyses footage into a folder: the whole of `cratewatch footage` as a plain function."""

from __future__ import annotations

import contextlib
import hashlib
import platform
import threading
from collections.abc import Generator, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from cratewatch.errors import CratewatchError
from cratewatch.footage.appearance import SHIPPED_APPEARANCE, Appearance, PersonEmbedder
from cratewatch.footage.detecting import SHIPPED_DETECTOR, Detector, PersonDetector
from cratewatch.footage.following import Follower
from cratewatch.footage.frames import Frame
from cratewatch.footage.hiding import PersonHider
from cratewatch.footage.newest import Newest
from cratewatch.footage.output_folder import OutputFolder
from cratewatch.footage.outputs import AnnotatedVideo, EventsFile, TracksFile
from cratewatch.footage.run import FootageRun, Observer, Output, Painter, Summary
from cratewatch.footage.sources import Source, digest
from cratewatch.footage.thinning import Thinning, chosen_every, most_every
from cratewatch.footage.tracker import Tracker
from cratewatch.footage.tracks import TrackerConfig

PACKAGES = ("av", "openvino", "opencv-python-headless", "numpy", "scipy")


@dataclass(frozen=True)
class FootageOptions:
    """What a user chooses.

    Attributes:
        conf: Confidence from which he takes a detection for a person; see TrackerConfig.
        reid_thresh: Cosine from which a person who comes back is known again.
        max_age: Frames of the footage for which one who is lost can be known again.
        every: Which frames are looked at; None: about 12 to 25 a second.
        keeps_up: Whether fewer are looked at, unless `every` says which, where that would take
            longer than the footage lasts.
        hides: Whether persons are made unknown on what is written.
        device: Of what finds persons, and what finds and names sleeves.
        detector: A YOLOX or RT-DETR model.
        appearance: A model that embeds persons; None: they are told apart by place alone.
        started_at: When the first frame was taken.
        names: What sleeves are named by, a collection of the gallery.
    """

    conf: float = 0.40
    reid_thresh: float = 0.60
    max_age: int = 30
    every: int | None = None
    keeps_up: bool = False
    hides: bool = True
    device: Literal["cpu", "cuda"] = "cpu"
    detector: Path = SHIPPED_DETECTOR
    appearance: Path | None = SHIPPED_APPEARANCE
    started_at: datetime | None = None
    names: str | None = None

    def tracking(self, rate_fps: float) -> TrackerConfig:
        """Return it for footage of a rate: frames become seconds, here and nowhere else."""
        return TrackerConfig(
            conf=self.conf, reid_thresh=self.reid_thresh, max_age_s=self.max_age / rate_fps
        )


@dataclass(frozen=True)
class PersonModels:
    """What finds persons, and what tells them apart; None: place alone does."""

    detector: PersonDetector
    appearance: PersonEmbedder | None


def load_models(options: FootageOptions, threads: int = 0) -> PersonModels:
    """Load the models that are chosen.

    Args:
        threads: That compute on the CPU; 0: one for each core.

    Raises:
        CratewatchError: if one is none, or does not run here.
    """
    detector = Detector(options.detector, threads=threads, device=options.device)
    if options.appearance is None:
        return PersonModels(detector, None)
    return PersonModels(detector, Appearance(options.appearance, threads, options.device))


@dataclass(frozen=True)
class FootageReport:
    """What a run came to.

    Attributes:
        input: What was looked at.
        output_dir: Where everything about it lies.
        complete: Whether all of it was looked at.
        read: Frames that were read: those that were looked at, skipped and dropped.
        frames: That were looked at.
        skipped: That were read and left out by `every`.
        seconds: Of footage.
        persons: Tracks that were confirmed.
        events: How often each kind happened.
        every: Which frames were looked at; where it changed, the largest.
        dropped: Frames of a stream that came too fast, or after its end was asked for.
        reconnects: How often a stream broke off and came back.
        max_age_s: How long one who is lost can be known again.
        wall_s: How long it took.
        frames_per_s: That were looked at.
        spent_s: Seconds of each stage.
        notes: What was wrong with the footage and was put up with.
    """

    input: str
    output_dir: str
    complete: bool
    read: int
    frames: int
    skipped: int
    dropped: int
    reconnects: int
    seconds: float
    persons: int
    every: int
    max_age_s: float
    wall_s: float
    frames_per_s: float
    events: dict[str, int] = field(default_factory=dict)
    spent_s: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class Analysis:
    """A run of footage into a folder."""

    def __init__(
        self,
        source: Source,
        folder: Path,
        options: FootageOptions,
        models: PersonModels | None = None,
        stopped: threading.Event | None = None,
    ) -> None:
        """Make ready.

        Args:
            models: None: those of the options are loaded.
            stopped: Once it is set, the run ends as on Ctrl-C.

        Raises:
            CratewatchError: if a model is none.
        """
        self._source = source
        self._folder = OutputFolder(folder)
        self._options = options
        self._tracking = options.tracking(source.rate_fps)
        self._every = options.every or chosen_every(source.rate_fps)
        self._stopped = stopped or threading.Event()
        self._thinning = self._thinned()
        self._newest: Newest | None = None
        self._sha256 = digest(source.files)
        self._begun_at = datetime.now(UTC).replace(microsecond=0)
        self._models_used = models or load_models(options)

    @property
    def rate_fps(self) -> float:
        """Frames that are looked at in a second."""
        return self._source.rate_fps / self._every

    @property
    def max_age_s(self) -> float:
        """How long one who is lost can be known again."""
        return self._tracking.max_age_s

    @property
    def counts(self) -> tuple[int, int]:
        """Frames that were read so far, and of them those that were dropped; for any thread."""
        return self._thinning.read, self._dropped

    def begin(self) -> FootageReport | None:
        """Take the folder; return the report if this same run is there, whole.

        Raises:
            CratewatchError: if the folder is another's.
        """
        report = self._folder.begin(self._asked(), self._told())
        return FootageReport(**report) if report else None

    def run(
        self, observers: Sequence[Observer] = (), outputs: Sequence[Output] = ()
    ) -> FootageReport:
        """Look at all of it, and write the folder's files; others may look and write, too.

        A stream that is stopped by hand is whole.

        Raises:
            CratewatchError: if the footage breaks off; what was seen is written.
        """
        models = self._models_used
        follower = Follower(models.detector, models.appearance, Tracker(self._tracking))
        hider = PersonHider() if self._options.hides else None
        run = FootageRun(
            follower, observers, [*self._outputs(), *outputs], Painter(observers, hider)
        )
        complete = False
        try:
            with contextlib.closing(self._frames()) as frames:  # or its thread would read on
                run.run(frames)
            complete = True
        except KeyboardInterrupt:
            complete = self._source.is_live
            if not complete:
                raise
        finally:
            self._source.close()
            report = self._report(run.summary, complete)
            self._folder.finish(asdict(report))
        return report

    def _thinned(self) -> Thinning:
        """Return the frames to look at; of a stream those that come too fast are dropped later."""
        source, options = self._source, self._options
        adapts = options.keeps_up and options.every is None and not source.is_live
        most = most_every(source.rate_fps) if adapts else None
        return Thinning(source.frames(), self._every, most)

    def _frames(self) -> Generator[Frame, None, None]:
        if not self._source.is_live:
            return _until(self._stopped, self._thinning)
        self._newest = Newest(self._thinning, self._source.close)
        return _until(self._stopped, self._newest)

    def _outputs(self) -> list[Output]:
        folder, source = self._folder.path, self._source
        video = AnnotatedVideo(folder, source.width_px, source.height_px, self.rate_fps)
        return [TracksFile(folder), EventsFile(folder), video]

    def _report(self, summary: Summary, complete: bool) -> FootageReport:
        return FootageReport(
            input=self._source.name,
            output_dir=str(self._folder.path),
            complete=complete,
            read=self._thinning.read,
            frames=summary.frames,
            skipped=self._thinning.skipped,
            dropped=self._dropped + summary.taken - summary.frames,
            reconnects=self._source.reconnects,
            seconds=round(summary.seconds, 3),
            persons=summary.persons,
            every=self._thinning.most_used,
            max_age_s=round(self.max_age_s, 3),
            wall_s=round(summary.wall_s, 3),
            frames_per_s=round(summary.frames_per_s, 2),
            events=dict(sorted(summary.events.items())),
            spent_s={name: round(spent, 3) for name, spent in summary.spent_s.items()},
            notes=[*self._source.notes, *self._slow()],
        )

    @property
    def _dropped(self) -> int:
        return self._newest.dropped if self._newest else 0

    def _slow(self) -> list[str]:
        """Say it if fewer frames were looked at than there would have been to."""
        most = self._thinning.most_used
        if most == self._every:
            return []
        return [f"to keep up, at times one frame in {most} alone was looked at; see --keep-up"]

    def _asked(self) -> dict[str, Any]:
        """Return what makes it this run."""
        options, source = self._options, self._source
        settings = {
            **{name: getattr(options, name) for name in ("conf", "reid_thresh", "max_age")},
            **{"every": self._every, "keeps_up": options.keeps_up, "hides": options.hides},
            **{"device": options.device},
            "names": options.names,
            "started_at": options.started_at.isoformat() if options.started_at else None,
        }
        read = {
            **{"name": source.name, "sha256": self._sha256, "rate_fps": source.rate_fps},
            **{"width_px": source.width_px, "height_px": source.height_px},
            "begun_at": self._begun_at.isoformat() if source.is_live else None,
        }
        return {"input": read, "settings": settings, "models": self._models()}

    def _models(self) -> dict[str, Any]:
        files = {"detector": self._options.detector, "appearance": self._options.appearance}
        return {kind: _model(file) for kind, file in files.items() if file}

    def _started_at(self) -> str | None:
        """Return when the first frame was filmed: of a stream, when it was opened."""
        moment = self._options.started_at or (self._begun_at if self._source.is_live else None)
        return moment.isoformat() if moment else None

    def _told(self) -> dict[str, Any]:
        return {
            "cratewatch": version("cratewatch"),
            "versions": {
                "python": platform.python_version(),
                **{package: version(package) for package in PACKAGES},
            },
            "processor": platform.machine(),
            "sha256": self._sha256,
            "started_at": self._started_at(),
            "run_at": self._begun_at.isoformat(),
        }


def _until(stopped: threading.Event, frames: Iterable[Frame]) -> Generator[Frame, None, None]:
    """Yield frames; raise KeyboardInterrupt once it is stopped, and take no frame then."""
    with contextlib.closing(_each(frames)) as rest:
        while not stopped.is_set():
            frame = next(rest, None)
            if frame is None:
                return
            yield frame
    raise KeyboardInterrupt


def _each(frames: Iterable[Frame]) -> Generator[Frame, None, None]:
    yield from frames


def _model(file: Path) -> str:
    """Return a model's name and the beginning of the sha256 of its file."""
    try:
        return f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()[:16]}"
    except OSError as error:
        raise CratewatchError(f"{file}: cannot be read ({error.strerror}); check it") from error
