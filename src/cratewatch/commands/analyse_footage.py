"""The command that analyses the recordings of cameras, each once."""

from __future__ import annotations

from typing import Annotated

import typer

from cratewatch.commands.options import AsJson, Home, load_settings
from cratewatch.commands.output import show

app = typer.Typer()


@app.command(
    "analyse-footage",
    epilog="Example: cratewatch analyse-footage /srv/recordings --home shop; "
    "cratewatch analyse-footage s3://cameras/2026-11-20 --camera door",
)
def analyse_footage_(
    folders: Annotated[
        list[str], typer.Argument(help="Folders of recordings, or s3://BUCKET/PREFIX.")
    ],
    camera: Annotated[
        str, typer.Option(help="That filmed them. [default: as their names tell]")
    ] = "",
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Analyse what cameras have recorded, and keep what was handled; what is known is left out."""
    from flows.analysing_footage import FootageError, analyse_footage
    from flows.footage_process import analyse_in_process

    settings = load_settings(home)
    try:
        report = analyse_footage(settings, folders, camera, analyse_in_process)
    except FootageError as error:
        show(error.report.as_json(), json_)
        raise
    show(report.as_json(), json_)
