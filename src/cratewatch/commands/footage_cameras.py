"""Several cameras at once, of the command line or of the settings."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cratewatch.commands.footage_recording import record
from cratewatch.commands.output import show
from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.secret_url import SecretUrl

if TYPE_CHECKING:
    from cratewatch.footage.analysing import FootageOptions
    from cratewatch.settings import Settings
    from flows.progress import Advance
    from workers.camera import CameraJob
    from workers.camera_actor import Told
    from workers.camera_models import Shared
    from workers.camera_report import CameraReport


@dataclass(frozen=True)
class Chosen:
    """What is to be looked at, and how.

    Attributes:
        cameras: Name and place of each; "" for the name that its file has.
        folder: Of the run, or of the runs' folders.
        again_s: How long a stream that is away is called again.
        shows: Whether it is shown.
        keeps: Whether handlings are recorded in the home.
        persons: Whether pictures of persons are kept there.
    """

    cameras: Sequence[tuple[str, SecretUrl]]
    folder: Path
    options: FootageOptions
    again_s: float
    shows: bool
    keeps: bool
    persons: bool


def chosen_cameras(
    settings: Settings | None, inputs: Sequence[str], names: Sequence[str]
) -> list[tuple[str, SecretUrl]]:
    """Return name and place of each camera: of --input, or else of the settings.

    Raises:
        CratewatchError: if there is none, or names do not fit.
    """
    if inputs:
        if names and len(names) != len(inputs):
            raise CratewatchError(
                f"--camera: {len(names)} names for {len(inputs)} of --input; give one for each"
            )
        return list(zip(names or [""] * len(inputs), map(SecretUrl, inputs), strict=True))
    known = settings.cameras if settings else {}
    if not known:
        raise CratewatchError("footage: nothing to look at; give --input, or set cameras")
    if strange := sorted(set(names) - set(known)):
        raise NotFoundError(
            f"--camera: {', '.join(strange)}: not set; known: {', '.join(sorted(known))}"
        )
    return [(name, known[name].url) for name in names or known]


def look_at_several(settings: Settings | None, chosen: Chosen, *, as_json: bool) -> None:
    """Look at all cameras, each in a process, and tell of each when it is over.

    Raises:
        CratewatchError: at the end, if cameras failed; the others are told.
        KeyboardInterrupt: at the end, if cameras were stopped before theirs.
    """
    from flows.progress import progress_bar
    from workers.camera_models import share
    from workers.cameras import analyse_cameras
    from workers.cluster import ray_cluster

    reports = []
    address = settings.ray_address if settings else "local"
    with _state_of(settings) as state, ray_cluster(address, state):
        shared = share(settings, chosen.options, models=chosen.options.device == "cuda")
        shared, jobs = _jobs(settings, shared, chosen)
        with progress_bar("cameras") as advance:
            for report in analyse_cameras(jobs, shared, _Line(advance)):
                _tell(settings, chosen, report, as_json=as_json)
                reports.append(report)
    failed = [report.error or report.camera for report in reports if report.state == "failed"]
    if failed:
        raise CratewatchError(f"{len(failed)} of {len(reports)} cameras failed: {failed[0]}")
    if any(report.state == "stopped" for report in reports):
        raise KeyboardInterrupt


@contextlib.contextmanager
def _state_of(settings: Settings | None) -> Iterator[Path]:
    """Have a folder for what a Ray cluster of the command's own leaves."""
    if settings:
        yield settings.home / "ray"
        return
    with tempfile.TemporaryDirectory(prefix="cratewatch-") as folder:
        yield Path(folder)


def _jobs(
    settings: Settings | None, shared: Shared, chosen: Chosen
) -> tuple[Shared, list[CameraJob]]:
    """Return what is left to share, and what each camera has to do."""
    from workers.camera import CameraJob
    from workers.cluster import result

    options = chosen.options
    if shared.namer:
        try:
            options = replace(options, names=result(shared.namer.serving.remote()))
        except NotFoundError as error:
            sys.stderr.write(f"sleeves stay unknown: {error}\n")
            shared = replace(shared, namer=None)
    named = _named(chosen.cameras)
    rest: dict[str, Any] = {"again_s": chosen.again_s, "shows": chosen.shows}
    if settings and chosen.persons:
        rest["keeps_persons"] = settings.lake
    rest["records"] = settings if chosen.keeps else None
    return shared, [
        CameraJob(name, where, chosen.folder / name, options, **rest)
        for name, where in named.items()
    ]


def _named(cameras: Sequence[tuple[str, SecretUrl]]) -> dict[str, SecretUrl]:
    """Return places by names that can be folders, each once."""
    from workers.camera import folder_name

    seen: Counter[str] = Counter()
    named = {}
    for name, where in cameras:
        called = folder_name(name or Path(str(where)).stem)
        seen[called] += 1
        named[called if seen[called] == 1 else f"{called}-{seen[called]}"] = where
    return named


def _tell(
    settings: Settings | None, chosen: Chosen, report: CameraReport, *, as_json: bool
) -> None:
    if report.report and report.report.complete and settings is not None and chosen.keeps:
        record(settings, Path(report.folders[-1]), report.camera, report.report.input)
    for note in report.report.notes if report.report else []:
        sys.stderr.write(f"{report.camera}: {note}\n")
    if report.error:
        sys.stderr.write(f"{report.camera}: {report.error}\n")
    show(asdict(report) if as_json else _shown(report), as_json)


def _shown(report: CameraReport) -> dict[str, Any]:
    """Return what people are told of a camera."""
    run = report.report
    counts = ("read", "frames", "skipped", "dropped", "reconnects", "seconds", "persons")
    told: dict[str, Any] = {"camera": report.camera, "state": report.state}
    if run:
        told |= {name: getattr(run, name) for name in counts}
    return told | {"restarts": report.restarts, "folder": report.folders[-1]}


class _Line:
    """Shows how fast the cameras are looked at, and what is dropped."""

    def __init__(self, advance: Advance) -> None:
        self._advance = advance
        self._pages: dict[str, str] = {}

    def __call__(self, told: Mapping[str, Told]) -> None:
        for name, one in told.items():
            if one.page and self._pages.get(name) != one.page:
                self._pages[name] = one.page
                sys.stderr.write(f"{name}: to be seen at {one.page}\n")
        looked = sum(one.looked for one in told.values())
        if looked:
            rate = sum(one.frames_per_s for one in told.values())
            dropped = sum(one.dropped for one in told.values())
            self._advance(looked, None, f"{rate:.1f} frames/s, {dropped} dropped")
