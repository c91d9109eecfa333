"""The command that follows persons through footage."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cratewatch.commands.footage_cameras import Chosen, chosen_cameras, look_at_several
from cratewatch.commands.footage_options import (
    AppearanceFile,
    Cameras,
    ComputesOn,
    Conf,
    DetectorFile,
    Every,
    Hides,
    Inputs,
    Keeps,
    KeepsUp,
    MaxAge,
    OutputDir,
    Persons,
    Reconnect,
    ReidThresh,
    Shows,
    StartedAt,
)
from cratewatch.commands.footage_recording import home_if_any, record
from cratewatch.commands.options import AsJson, Home, given
from cratewatch.commands.output import show
from cratewatch.commands.telling_times import moment
from cratewatch.errors import NotFoundError

if TYPE_CHECKING:
    from cratewatch.footage.analysing import Analysis, FootageReport
    from cratewatch.footage.events import Event
    from cratewatch.footage.run import Output, Seen
    from cratewatch.footage.sources import Source
    from cratewatch.retrieval.identification import Identifier
    from cratewatch.settings import Settings
    from flows.progress import Advance
    from workers.camera import Sleeves

app = typer.Typer()


@app.command(
    epilog="Example: cratewatch footage --input shop.mp4 --output_dir outputs/run_01; "
    "cratewatch footage --input door.mp4 --input till.mp4 --output_dir outputs/day"
)
def footage(  # noqa: PLR0913, PLR0917  options
    output_dir: OutputDir,
    input_: Inputs = None,
    show_: Shows = False,
    conf: Conf = 0.40,
    reid_thresh: ReidThresh = 0.60,
    max_age: MaxAge = 30,
    device: ComputesOn = "cpu",
    every: Every = None,
    keep_up: KeepsUp = True,
    blur: Hides = True,
    started_at: StartedAt = None,
    detector: DetectorFile = None,
    appearance: AppearanceFile = None,
    camera: Cameras = None,
    reconnect: Reconnect = 300.0,
    keep: Keeps = True,
    persons: Persons = False,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Follow persons through footage, and name the records that they handle.

    Writes annotated.mp4, tracks.csv, events.jsonl, handled.csv, handled/, report.html, run.json.
    """
    from cratewatch.embedding.devices import find_device
    from cratewatch.footage.analysing import FootageOptions

    options = FootageOptions(
        conf=conf,
        reid_thresh=reid_thresh,
        max_age=max_age,
        every=every,
        keeps_up=keep_up,
        hides=blur,
        device=find_device(device),
        started_at=moment(started_at),
        **given(detector=detector, appearance=appearance),
    )
    settings = home_if_any(home)
    cameras = chosen_cameras(settings, input_ or [], camera or [])
    chosen = Chosen(
        cameras, output_dir, options, reconnect, shows=show_, keeps=keep, persons=persons
    )
    if len(cameras) > 1:
        look_at_several(settings, chosen, as_json=json_)
        return
    report = _look_at_one(settings, chosen)
    for note in report.notes:
        sys.stderr.write(f"{report.input}: {note}\n")
    show(_told(report, json_), json_)


def _look_at_one(settings: Settings | None, chosen: Chosen) -> FootageReport:
    from cratewatch.footage.analysing import Analysis
    from cratewatch.footage.live import Calling
    from cratewatch.footage.sources import open_source
    from workers.camera import Sleeves, load_sleeve_finder

    ((camera, where),) = chosen.cameras
    folder, options = chosen.folder, chosen.options
    source = open_source(where, calling=Calling(again_s=chosen.again_s))
    with contextlib.closing(source), _open_gallery(settings) as identifier:
        options = replace(options, names=_named_by(identifier))
        analysis = Analysis(source, folder, options)
        report = analysis.begin()
        if report:
            sys.stderr.write(f"{folder}: this run is there already, whole\n")
        else:
            finder = load_sleeve_finder(options, *([identifier.inference] if identifier else []))
            sleeves = Sleeves(finder, identifier.namer if identifier else None)
            kept = _kept(settings, source, chosen, camera)
            report = _analyse(analysis, source, sleeves, chosen, kept)
    if settings is not None and chosen.keeps:
        record(settings, folder, camera or Path(source.name).stem, report.input)
    return report


def _kept(settings: Settings | None, source: Source, chosen: Chosen, camera: str) -> list[Output]:
    """Return what keeps in the home while it runs."""
    from workers.camera import kept_persons, live_recording

    if settings is None:
        return []
    kept = live_recording(settings if chosen.keeps else None, source, chosen.folder, camera)
    if chosen.persons:
        kept += kept_persons(settings.lake, source, camera, chosen.options.started_at)
    return kept


def _analyse(
    analysis: Analysis,
    source: Source,
    sleeves: Sleeves,
    chosen: Chosen,
    others: Sequence[Output],
) -> FootageReport:
    from flows.progress import progress_bar
    from workers.camera import analyse

    sys.stderr.write(
        f"{source.width_px}x{source.height_px}, {analysis.rate_fps:.3g} frames/s are looked at; "
        f"max_age is {analysis.max_age_s:.2f} s\n"
    )
    with progress_bar("footage") as advance, _live_pages(chosen.shows) as pages:
        bar = _ProgressBar(advance, source)
        return analyse(analysis, chosen.folder, source.name, sleeves, [bar, *others, *pages])


@contextlib.contextmanager
def _open_gallery(settings: Settings | None) -> Iterator[Identifier | None]:
    """Open what names sleeves, if there is anything; without it they stay unknown."""
    from cratewatch.retrieval.identification import open_identifier

    with contextlib.ExitStack() as stack:
        identifier = None
        if settings is not None:
            try:
                identifier = stack.enter_context(open_identifier(settings))
            except NotFoundError as error:
                sys.stderr.write(f"sleeves stay unknown: {error}\n")
        yield identifier


def _named_by(identifier: Identifier | None) -> str | None:
    """Return the collection by which sleeves are named, for run.json."""
    return identifier.gallery.alias.require_serving() if identifier else None


@contextlib.contextmanager
def _live_pages(shows: bool) -> Iterator[list[Output]]:
    if not shows:
        yield []
        return
    from cratewatch.footage.live_page import LivePage

    page = LivePage()
    sys.stderr.write(f"to be seen at {page.url}\n")
    yield [page]


class _ProgressBar:
    """Shows how far the footage is looked at."""

    def __init__(self, advance: Advance, source: Source) -> None:
        self._advance = advance
        self._source = source
        self._seen = 0
        self._first: float | None = None

    def write(self, seen: Seen) -> None:
        now = time.monotonic()
        self._first = now if self._first is None else self._first
        passed = now - self._first
        note = f"{self._seen / passed:.1f} frames/s" if passed > 0 else ""
        self._seen += 1
        total = self._source.expected
        done = seen.frame.number + 1
        self._advance(done, max(done, total) if total else None, note)

    def write_end(self, events: Sequence[Event]) -> None:
        pass

    def close(self) -> None:
        pass


def _told(report: FootageReport, as_json: bool) -> dict[str, Any]:
    told = asdict(report)
    if not as_json:
        del told["notes"], told["spent_s"]
    return told
