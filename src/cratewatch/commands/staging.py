"""The command that stages footage with the truth of it, for tests and measures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cratewatch.commands.options import MOST_SEED, Home, load_settings, whole
from cratewatch.commands.output import out
from cratewatch.errors import CratewatchError

app = typer.Typer()


@app.command(
    epilog="Example: cratewatch stage-footage staged --covers covers --seconds 30; "
    "cratewatch stage-footage staged --home shop --people people --scenes rooms --seed 3"
)
def stage_footage(  # noqa: PLR0913, PLR0917  one parameter for each option
    folder: Annotated[
        Path, typer.Argument(help="For footage.mp4, truth.json and handlings.csv.", file_okay=False)
    ],
    covers: Annotated[
        Path | None, typer.Option(help="Folder of covers. [default: the home's]", exists=True)
    ] = None,
    people: Annotated[
        Path | None,
        typer.Option(
            help="Folder of people cut out (PNG), or a video of a camera that does not move and "
            "begins with the empty room. [default: drawn figures]",
            exists=True,
        ),
    ] = None,
    scenes: Annotated[
        Path | None,
        typer.Option(help="Picture, or folder of them, to play in. [default: drawn]", exists=True),
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, max=3600, help="How long it is.")] = 30.0,
    fps: Annotated[float, typer.Option(min=1, max=60, help="Frames in a second.")] = 15.0,
    width: Annotated[int, whole(160, 3840, "Of a frame, in pixels.")] = 640,
    height: Annotated[int, whole(120, 2160, "Of a frame, in pixels.")] = 480,
    severity: Annotated[
        float, typer.Option(min=0, max=1, help="Of the camera's faults: 0 none, 1 the worst.")
    ] = 0.4,
    seed: Annotated[int, whole(0, MOST_SEED, "Same seed, same footage.")] = 0,
    home: Home = None,
) -> None:
    """Make test footage: people take records up, look at them and put them back."""
    from contextlib import closing

    from cratewatch.catalog.catalog import open_catalog
    from cratewatch.footage.props import covers_of_catalog, covers_of_folder
    from cratewatch.footage.staged import VIDEO, Staging, stage
    from cratewatch.lake.opening import open_lake
    from flows.progress import progress_bar

    if covers is not None:
        chosen = covers_of_folder(covers, seed)
    else:
        settings = load_settings(home)
        with closing(open_catalog(settings.catalog_url)) as catalog:
            chosen = covers_of_catalog(catalog, open_lake(settings.lake), seed)
    staging = Staging(seconds, fps, (width, height), severity, seed)
    try:
        with progress_bar("stage footage") as advance:
            truth = stage(folder, chosen, staging, people, scenes, lambda n, of: advance(n, of, ""))
    except OSError as error:
        raise CratewatchError(
            f"{folder}: cannot be written ({error.strerror}); give another folder"
        ) from error
    out.print(f"{folder / VIDEO}: {len(truth.handlings)} handlings", soft_wrap=True)
