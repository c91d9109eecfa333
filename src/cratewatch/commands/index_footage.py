"""The command that makes the persons of footage searchable by words."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cratewatch.commands.options import AsJson, Home, load_settings
from cratewatch.commands.output import show
from cratewatch.commands.telling_times import moment

if TYPE_CHECKING:
    from cratewatch.footage.sources import Source
    from cratewatch.settings import Settings
    from cratewatch.words.recordings import Gathered

app = typer.Typer()


@app.command(
    "index-footage",
    epilog="Example: cratewatch index-footage shop.mp4 --camera door "
    "--started-at 2026-11-20T10:00:00+01:00 --home shop",
)
def index_footage(  # noqa: PLR0913, PLR0917  options
    inputs: Annotated[
        list[str] | None,
        typer.Argument(help="Videos, folders or patterns. [default: what nights have gathered]"),
    ] = None,
    camera: Annotated[
        str, typer.Option(help="That filmed them. [default: as their names tell]")
    ] = "",
    started_at: Annotated[
        str | None,
        typer.Option(
            "--started-at",
            "--started_at",
            help="When the first frame was taken, with its zone. [default: as their names tell]",
        ),
    ] = None,
    sampling_rate: Annotated[
        int,
        typer.Option(
            "--sampling_rate", "--sampling-rate", min=1, max=100_000, help="Look at each Nth frame."
        ),
    ] = 30,
    conf_thres: Annotated[
        float,
        typer.Option(
            "--conf_thres",
            "--conf-thres",
            min=0.05,
            max=0.95,
            help="Confidence from which a detection is a person.",
        ),
    ] = 0.35,
    detector: Annotated[
        Path | None,
        typer.Option(
            "--detector",
            "--yolo_weights",
            "--yolo-weights",
            help="YOLOX or RT-DETR model, ONNX. [default: YOLOX-nano]",
            dir_okay=False,
        ),
    ] = None,
    rebuild: Annotated[
        bool, typer.Option(help="Fill a new collection beside the one that serves.")
    ] = False,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Make the persons of footage searchable by words; what is known is left out."""
    from cratewatch.catalog.catalog import open_catalog
    from cratewatch.words.looking import LookingOptions
    from flows.indexing_persons import bring_persons_up_to_date

    settings = load_settings(home)
    given = {"detector": detector} if detector else {}
    options = LookingOptions(conf=conf_thres, sampling_rate=sampling_rate, **given)
    begun_at = moment(started_at)
    with (
        contextlib.closing(open_catalog(settings.catalog_url)) as catalog,
        catalog.one_analysis(),
    ):
        gathered = [
            _gather(settings, source, options, camera, begun_at)
            for source in _sources(inputs or [])
        ]
        report = bring_persons_up_to_date(settings, catalog.catalog_id, rebuild=rebuild)
    told = asdict(report) | {"gathered": [asdict(one) for one in gathered]}
    show(told if json_ else _plain(told), json_)


def _sources(inputs: list[str]) -> Iterator[Source]:
    """Yield what is named; of a folder each video by itself."""
    from cratewatch.footage.sources import VIDEOS, open_source

    for name in inputs:
        path = Path(name)
        files = sorted(path.rglob("*")) if path.is_dir() else []
        videos = [str(file) for file in files if file.suffix.lower() in VIDEOS and file.is_file()]
        for one in videos or [name]:
            with contextlib.closing(open_source(one)) as source:
                yield source


def _gather(
    settings: Settings, source: Source, options: Any, camera: str, begun_at: datetime | None
) -> Gathered:
    from cratewatch.lake.opening import open_lake
    from cratewatch.words.recordings import gather_recording

    named, told = _told_by_name(settings, source)
    gathered = gather_recording(
        open_lake(settings.lake),
        source,
        options,
        camera=camera or named or Path(source.name).stem,
        started_at=begun_at or told,
        now=datetime.now(UTC),
    )
    for note in gathered.notes:
        sys.stderr.write(f"{source.name}: {note}\n")
    if begun_at is None and told is None:
        sys.stderr.write(f"{source.name}: nobody says when it was filmed; give --started-at\n")
    return gathered


def _told_by_name(settings: Settings, source: Source) -> tuple[str, datetime | None]:
    """Return camera and time as the name of a file tells them."""
    from zoneinfo import ZoneInfo

    from cratewatch.errors import CratewatchError
    from cratewatch.sources.recordings import read_name

    try:
        told = read_name(Path(source.name), settings.footage_name, ZoneInfo(settings.timezone))
    except CratewatchError:
        return "", None
    return told.camera, told.started_at


def _plain(told: dict[str, Any]) -> dict[str, Any]:
    new = [one for one in told.pop("gathered") if not one["is_known"]]
    return told | {"looked_at": len(new), "gathered_pictures": sum(o["pictures"] for o in new)}
