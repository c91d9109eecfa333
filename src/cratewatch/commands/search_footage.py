"""The command that finds persons in footage by a description."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cratewatch.commands.footage_recording import home_if_any
from cratewatch.commands.options import AsJson, Home, load_settings
from cratewatch.commands.output import show
from cratewatch.commands.tables import PlainTable
from cratewatch.commands.word_search import (
    Asked,
    Told,
    search_index,
    search_video,
)

app = typer.Typer()
MOST_TOP = 10_000


def _option(name: str, help_: str, **options: Any) -> Any:
    """Return an option whose words may be joined by hyphens or underscores."""
    return typer.Option(f"--{name}", f"--{name.replace('_', '-')}", help=help_, **options)


@app.command(
    "search-footage",
    epilog='Example: cratewatch search-footage --file_path video.mp4 --prompt "a woman in an '
    'orange hoodie" --result_dir out',
)
def search_footage(  # noqa: PLR0913, PLR0917  options
    prompt: Annotated[str, typer.Option(help="Describes a person: clothes and their colours.")],
    file_path: Annotated[
        str, _option("file_path", "A video to search. [default: what is indexed in the home]")
    ] = "",
    result_dir: Annotated[
        Path | None,
        _option(
            "result_dir", "Folder for results.json, results.html and pictures.", file_okay=False
        ),
    ] = None,
    conf_thres: Annotated[
        float, _option("conf_thres", "Confidence of a person.", min=0.05, max=0.95)
    ] = 0.35,
    sim_thres: Annotated[
        float, _option("sim_thres", "Similarity below which nobody fits.", min=-1.0, max=1.0)
    ] = 0.35,
    sampling_rate: Annotated[
        int, _option("sampling_rate", "Look at each Nth frame.", min=1, max=100_000)
    ] = 30,
    num_top_k: Annotated[int, _option("num_top_k", "How many at most.", min=1, max=MOST_TOP)] = 5,
    yolo_weights: Annotated[
        Path | None,
        _option(
            "yolo_weights", "YOLOX or RT-DETR model, ONNX. [default: YOLOX-nano]", dir_okay=False
        ),
    ] = None,
    blip_weights: Annotated[
        Path | None,
        _option("blip_weights", "Folder of a BLIP, CLIP or SigLIP model. [default: words_model]"),
    ] = None,
    caption_weights: Annotated[
        Path | None, _option("caption_weights", "Folder of a BLIP model that makes captions.")
    ] = None,
    camera: Annotated[str, typer.Option(help="Only this camera's footage.")] = "",
    since: Annotated[str | None, typer.Option("--from", help="First day or moment.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Last day, or moment after.")] = None,
    facet: Annotated[
        list[str] | None, typer.Option(help="Only who has it, such as upper:orange or backpack.")
    ] = None,
    blur: Annotated[
        bool, typer.Option("--blur/--no-blur", help="Make persons unknown on what is written.")
    ] = True,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Find persons in footage by a description: the best moments, with time and caption."""
    asked = Asked(
        prompt=prompt,
        sim_thres=sim_thres,
        top=num_top_k,
        conf=conf_thres,
        sampling_rate=sampling_rate,
        detector=yolo_weights,
        model=blip_weights,
        captions=caption_weights,
        camera=camera,
        since=since,
        until=until,
        facets=tuple(facet or ()),
        hides=blur,
        result_dir=result_dir,
    )
    if file_path:
        told = search_video(home_if_any(home), file_path, asked)
    else:
        told = search_index(load_settings(home), asked)
    _show(told, json_)


def _show(told: Told, as_json: bool) -> None:
    sys.stderr.write(f"{told.found.explained}\n")
    if told.found.nothing:
        sys.stderr.write(f"{told.found.nothing}\n")
    if as_json:
        show(told.as_json(), as_json)
        return
    if told.found.moments:
        show({}, False, [_table(told)])
    if told.result_dir:
        sys.stderr.write(f"see {told.result_dir / 'results.html'}\n")


def _table(told: Told) -> PlainTable:
    table = PlainTable()
    for column in ("rank", "score", "t", "when", "camera", "person", "caption", "note"):
        table.add_column(column)
    for one in told.found.moments:
        when = f"{one.at:%Y-%m-%d %H:%M:%S}" if one.at else ""
        cells = (when, one.camera, str(one.track_id), one.caption, one.note)
        table.add_row(str(one.rank), f"{one.score:.2f}", f"{one.t:.1f}", *cells)
    return table
