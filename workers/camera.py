"""One camera: what it films is looked at, and all files of a run are written. Needs no Ray."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from cratewatch.embedding.inference import AUTO, Inference
from cratewatch.finding.finder import Finder
from cratewatch.finding.loading import load_finder
from cratewatch.footage.analysing import Analysis, FootageOptions, FootageReport
from cratewatch.footage.handled_files import HandledFiles
from cratewatch.footage.recording_live import LiveRecording
from cratewatch.footage.run import Output
from cratewatch.footage.sleeve_names import Namer
from cratewatch.footage.sleeves import SleeveWatch
from cratewatch.footage.sources import Source, digest
from cratewatch.lake.location import LakeLocation
from cratewatch.lake.opening import open_lake
from cratewatch.reports.footage.page import FootagePage
from cratewatch.secret_url import SecretUrl
from cratewatch.settings import Settings
from cratewatch.words.kept import Recorded
from cratewatch.words.recordings import KeptPersons


@dataclass(frozen=True)
class CameraJob:
    """A camera, or footage of one, that is to be looked at.

    Attributes:
        name: Of the camera.
        where: A file, a folder, a pattern, or the URL of a stream.
        folder: Of the run.
        options: As of a single run.
        again_s: How long a stream that is away is called again and again.
        shows: Whether it is shown while it is looked at.
        keeps_persons: The lake in which pictures of persons are kept; None: they are not.
        records: The home in which the handlings of a stream are recorded while it goes on; None:
            they are not.
    """

    name: str
    where: SecretUrl
    folder: Path
    options: FootageOptions
    again_s: float = 0.0
    shows: bool = False
    keeps_persons: LakeLocation | None = None
    records: Settings | None = None


@dataclass(frozen=True)
class Sleeves:
    """What finds sleeves and names them; None: they stay unknown."""

    finder: Finder
    namer: Namer | None


def load_sleeve_finder(options: FootageOptions, inference: Inference = AUTO) -> Finder:
    """Load what finds sleeves, where the options want it to run."""
    return load_finder(replace(inference, device=options.device))


def analyse(
    analysis: Analysis, folder: Path, name: str, sleeves: Sleeves, outputs: Sequence[Output] = ()
) -> FootageReport:
    """Look at footage whose run was begun, and write all files of it.

    Args:
        folder: Of the run.
        name: Of the footage, as its page shows it.
        outputs: Further ones.

    Raises:
        CratewatchError: if the footage breaks off; what was seen is written.
        KeyboardInterrupt: if it was stopped before its end, and is no stream.
    """
    watch = SleeveWatch(sleeves.finder, sleeves.namer)
    files = HandledFiles(folder, watch.handled)
    page = FootagePage(folder, Path(name).name)
    return analysis.run([watch], [files, page, *outputs])


def kept_persons(
    lake: LakeLocation, source: Source, camera: str, started_at: datetime | None
) -> list[Output]:
    """Return what keeps pictures of the persons in files; of a stream none are."""
    footage_key = digest(source.files)
    if footage_key is None:
        return []
    name, file = camera or Path(source.name).stem, str(Path(source.name).absolute())
    recorded = Recorded(footage_key, name, started_at, datetime.now(UTC), file)
    return [KeptPersons(open_lake(lake), recorded)]


def live_recording(
    settings: Settings | None, source: Source, folder: Path, camera: str
) -> list[Output]:
    """Return what records the handlings of a stream; files are recorded as a whole."""
    if settings is None or not source.is_live:
        return []
    return [LiveRecording(settings, folder, camera or Path(source.name).stem)]


def folder_name(camera: str) -> str:
    """Return how the folder of a camera's run is called."""
    return re.sub(r"[^\w.-]+", "-", camera).strip(".-") or "camera"
