"""The command line: thin commands, one module for each group of them.

Heavy modules are imported inside the commands, so that help and mistakes answer at once.
"""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from cratewatch.commands import (
    analyse_footage,
    audit,
    browsing,
    catalog,
    changes,
    demo,
    evaluation,
    finding,
    footage,
    home,
    identification,
    index_footage,
    indexing,
    intent,
    keys,
    links,
    models,
    notification,
    price_model,
    price_refresh,
    prices,
    probing,
    renewal,
    sales,
    schema,
    search_footage,
    serving,
    staging,
    status,
    synthesis,
    training,
    words_training,
)
from cratewatch.commands.boundary import run_command

app = typer.Typer(
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="markdown",  # "rich" swallows [default: ...]
)
for group in (
    home,
    catalog,
    price_refresh,
    sales,
    analyse_footage,
    index_footage,
    search_footage,
    intent,
    audit,
    changes,
    probing,
    browsing,
    links,
    status,
    notification,
    identification,
    prices,
    price_model,
    finding,
    footage,
    staging,
    synthesis,
    training,
    words_training,
    renewal,
    indexing,
    evaluation,
    models,
    serving,
    keys,
    schema,
    demo,
):
    app.add_typer(group.app)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"cratewatch {version('cratewatch')}")
        raise typer.Exit


@app.callback()
def _cratewatch(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Identify vinyl albums in CCTV footage: catalog, synthesis, training and gallery."""


def main() -> None:
    """Run the command that was asked for; without any, show what there is."""
    signal.signal(signal.SIGTERM, _stop)
    # Imports make hundreds of thousands of objects and no garbage: to look for some after each 700
    # takes a sixth of a short command.
    gc.set_threshold(50_000)
    # What lies in the folder that the user is in is no module of ours, or of Ray's and Prefect's.
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    # Milvus Lite's server finds its own client's pings too many, and gRPC prints that.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    for stream in (sys.stdin, sys.stdout):  # file names need not be UTF-8
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="surrogateescape")
    sys.exit(run_command(app, sys.argv[1:] or ["--help"]))


def _stop(_signal: int, _frame: object) -> None:
    """End as on Ctrl-C, so that every process that was started is ended as well."""
    raise KeyboardInterrupt
