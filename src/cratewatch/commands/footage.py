"""The command that follows persons through footage."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cratewatch.commands.footage_recording import home_if_any, record
from cratewatch.commands.options import AsJson, Home, whole
from cratewatch.commands.output import show
from cratewatch.commands.telling_times import moment
from cratewatch.errors import NotFoundError

if TYPE_CHECKING:
    from cratewatch.footage.analysing import Analysis, FootageOptions, FootageReport
    from cratewatch.footage.events import Event
    from cratewatch.footage.run import Output, Seen
    from cratewatch.footage.sleeves import SleeveWatch
    from cratewatch.footage.sources import Source
    from cratewatch.retrieval.identification import Identifier
    from cratewatch.settings import Settings
    from flows.progress import Advance

app = typer.Typer()


@app.command(epilog="Example: cratewatch footage --input shop.mp4 --output_dir outputs/run_01")
def footage(  # noqa: PLR0913, PLR0917  options
    input_: Annotated[
        str,
        typer.Option(
            "--input",
            help="Video, folder, pattern (day/*.mp4, frames/%06d.jpg) or stream (rtsp://, http://).",
        ),
    ],
    output_dir: Annotated[
        Path,
        typer.Option("--output_dir", "--output-dir", help="Folder of this run.", file_okay=False),
    ],
    show_: Annotated[
        bool, typer.Option("--show", help="Show it while it runs, on a page of this machine.")
    ] = False,
    conf: Annotated[
        float,
        typer.Option(min=0.05, max=0.95, help="Confidence from which a detection is a person."),
    ] = 0.40,
    reid_thresh: Annotated[
        float,
        typer.Option(
            "--reid_thresh",
            "--reid-thresh",
            min=0.0,
            max=1.0,
            help="Cosine from which one who comes back is known again.",
        ),
    ] = 0.60,
    max_age: Annotated[
        int,
        typer.Option(
            "--max_age",
            "--max-age",
            min=1,
            max=1_000_000,
            help="Frames for which one who is lost can be known again.",
        ),
    ] = 30,
    device: Annotated[
        Literal["cpu", "cuda"], typer.Option(help="Where sleeves are found and named.")
    ] = "cpu",
    every: Annotated[
        int | None, whole(1, 10_000, "Look at each Nth frame. [default: 12 to 25 a second]")
    ] = None,
    blur: Annotated[
        bool, typer.Option("--blur/--no-blur", help="Make persons unknown on what is written.")
    ] = True,
    started_at: Annotated[
        str | None,
        typer.Option(
            "--started-at",
            "--started_at",
            help="When it was taken, with its zone: 2026-11-20T10:00:00+01:00.",
        ),
    ] = None,
    detector: Annotated[
        Path | None,
        typer.Option(help="YOLOX or RT-DETR model, ONNX. [default: YOLOX-nano]", dir_okay=False),
    ] = None,
    appearance: Annotated[
        Path | None,
        typer.Option(help="Model that embeds persons, ONNX or OpenVINO's.", dir_okay=False),
    ] = None,
    camera: Annotated[
        str, typer.Option(help="Name of the camera. [default: as the file is called]")
    ] = "",
    keep: Annotated[
        bool,
        typer.Option("--record/--no-record", help="Keep handlings in the home, if there is one."),
    ] = True,
    persons: Annotated[
        bool,
        typer.Option(
            "--persons/--no-persons",
            help="Keep pictures of persons in the home, to be found by `cratewatch index-footage`.",
        ),
    ] = False,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Follow persons through footage, and name the records that they handle.

    Writes annotated.mp4, tracks.csv, events.jsonl, handled.csv, handled/, report.html, run.json.
    """
    from cratewatch.embedding.devices import find_device
    from cratewatch.footage.analysing import Analysis, FootageOptions
    from cratewatch.footage.sources import open_source

    chosen: dict[str, Any] = {"detector": detector, "appearance": appearance}
    options = FootageOptions(
        conf=conf,
        reid_thresh=reid_thresh,
        max_age=max_age,
        every=every,
        hides=blur,
        device=find_device(device),
        started_at=moment(started_at),
        **{name: file for name, file in chosen.items() if file},
    )
    settings = home_if_any(home)
    source = open_source(input_)
    with contextlib.closing(source), _open_gallery(settings) as identifier:
        options = replace(options, names=_named_by(identifier))
        analysis = Analysis(source, output_dir, options)
        report = analysis.begin()
        if report:
            sys.stderr.write(f"{output_dir}: this run is there already, whole\n")
        else:
            watch = _sleeve_watch(identifier, options)
            kept = _kept_persons(settings, source, options, camera) if persons else []
            report = _analyse(analysis, source, watch, output_dir, kept, shows=show_)
    if settings is not None and keep:
        record(settings, output_dir, camera or Path(source.name).stem, report.input)
    for note in report.notes:
        sys.stderr.write(f"{report.input}: {note}\n")
    show(_told(report, json_), json_)


def _analyse(  # noqa: PLR0913
    analysis: Analysis,
    source: Source,
    watch: SleeveWatch,
    folder: Path,
    others: Sequence[Output],
    *,
    shows: bool,
) -> FootageReport:
    from cratewatch.footage.handled_files import HandledFiles
    from cratewatch.reports.footage.page import FootagePage
    from flows.progress import progress_bar

    sys.stderr.write(
        f"{source.width_px}x{source.height_px}, {analysis.rate_fps:.3g} frames/s are looked at; "
        f"max_age is {analysis.max_age_s:.2f} s\n"
    )
    files = HandledFiles(folder, watch.handled)
    page = FootagePage(folder, Path(source.name).name, watch.handled)
    with progress_bar("footage") as advance, _live_pages(shows) as pages:
        bar = _ProgressBar(advance, source)
        return analysis.run([watch], [files, page, bar, *others, *pages])


def _kept_persons(
    settings: Settings | None, source: Source, options: FootageOptions, camera: str
) -> list[Output]:
    """Return what keeps pictures of persons, where there is a home."""
    from cratewatch.footage.sources import digest
    from cratewatch.lake.opening import open_lake
    from cratewatch.words.kept import Recorded
    from cratewatch.words.recordings import KeptPersons

    footage_key = digest(source.files)
    if settings is None or footage_key is None:
        return []
    name = camera or Path(source.name).stem
    recorded = Recorded(
        footage_key, name, options.started_at, datetime.now(UTC), str(Path(source.name).absolute())
    )
    return [KeptPersons(open_lake(settings.lake), recorded)]


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


def _sleeve_watch(identifier: Identifier | None, options: FootageOptions) -> SleeveWatch:
    from cratewatch.embedding.inference import Device, Inference
    from cratewatch.finding.loading import load_finder
    from cratewatch.footage.sleeves import SleeveWatch

    inference = identifier.inference if identifier else Inference()
    device: Device = "cuda" if options.device.startswith("cuda") else "cpu"
    finder = load_finder(replace(inference, device=device))
    return SleeveWatch(finder, identifier.namer if identifier else None)


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
