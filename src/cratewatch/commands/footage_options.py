"""The options of `cratewatch footage`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from cratewatch.commands.options import whole

Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        help="Video, folder, pattern (day/*.mp4, frames/%06d.jpg) or stream (rtsp://, http://); "
        "several are several cameras. [default: the cameras of the settings]",
        show_default=False,
    ),
]
OutputDir = Annotated[
    Path,
    typer.Option(
        "--output_dir",
        "--output-dir",
        help="Folder of this run; of several cameras each has one in it.",
        file_okay=False,
    ),
]
Cameras = Annotated[
    list[str] | None,
    typer.Option(
        help="Name of the camera, for each --input one; without --input, which of the settings. "
        "[default: as the file is called]",
        show_default=False,
    ),
]
Shows = Annotated[
    bool, typer.Option("--show", help="Show it while it runs, on a page of this machine.")
]
Conf = Annotated[
    float, typer.Option(min=0.05, max=0.95, help="Confidence from which a detection is a person.")
]
ReidThresh = Annotated[
    float,
    typer.Option(
        "--reid_thresh",
        "--reid-thresh",
        min=0.0,
        max=1.0,
        help="Cosine from which one who comes back is known again.",
    ),
]
MaxAge = Annotated[
    int,
    typer.Option(
        "--max_age",
        "--max-age",
        min=1,
        max=1_000_000,
        help="Frames for which one who is lost can be known again.",
    ),
]
ComputesOn = Annotated[
    Literal["cpu", "cuda"],
    typer.Option("--device", help="Where persons and sleeves are found, and sleeves named."),
]
Every = Annotated[
    int | None,
    whole(1, 10_000, "Look at each Nth frame. [default: 12 to 25 a second, fewer to keep up]"),
]
KeepsUp = Annotated[
    bool,
    typer.Option(
        "--keep-up/--no-keep-up",
        help="Look at fewer frames, 5 a second at least, where it would take longer than it lasts.",
    ),
]
Hides = Annotated[
    bool, typer.Option("--blur/--no-blur", help="Make persons unknown on what is written.")
]
StartedAt = Annotated[
    str | None,
    typer.Option(
        "--started-at",
        "--started_at",
        help="When it was taken, with its zone: 2026-11-20T10:00:00+01:00.",
    ),
]
DetectorFile = Annotated[
    Path | None,
    typer.Option(
        "--detector", help="YOLOX or RT-DETR model, ONNX. [default: YOLOX-nano]", dir_okay=False
    ),
]
AppearanceFile = Annotated[
    Path | None,
    typer.Option(
        "--appearance", help="Model that embeds persons, ONNX or OpenVINO's.", dir_okay=False
    ),
]
Reconnect = Annotated[
    float,
    typer.Option(
        "--reconnect",
        min=0.0,
        max=31_536_000.0,
        help="Seconds for which a stream that broke off is called again.",
    ),
]
Keeps = Annotated[
    bool,
    typer.Option("--record/--no-record", help="Keep handlings in the home, if there is one."),
]
Persons = Annotated[
    bool,
    typer.Option(
        "--persons/--no-persons",
        help="Keep pictures of persons in the home, to be found by `cratewatch index-footage`.",
    ),
]
