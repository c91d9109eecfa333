"""The command line: thin commands, one module for each group of them.

Of them only those are imported that are asked for, and heavy modules only inside the commands, so
that each answers at once.
"""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Annotated

import typer

from cratewatch.commands.boundary import run_command

# The modules of this package that have commands, in the order of the help, with the names of these.
COMMANDS: dict[str, tuple[str, ...]] = {
    "home": ("init",),
    "catalog": ("import", "import-dump", "refresh", "retry", "schedule"),
    "price_refresh": ("refresh-prices",),
    "sales": ("import-sales",),
    "analyse_footage": ("analyse-footage",),
    "index_footage": ("index-footage",),
    "search_footage": ("search-footage",),
    "intent": ("intent",),
    "audit": ("audit",),
    "changes": ("changes",),
    "probing": ("probe",),
    "browsing": ("releases", "show"),
    "links": ("links",),
    "status": ("status",),
    "notification": ("notify",),
    "identification": ("identify",),
    "prices": ("prices", "price"),
    "price_model": ("train-prices", "evaluate-prices"),
    "finding": ("find",),
    "footage": ("footage",),
    "staging": ("stage-footage",),
    "synthesis": ("synthesize",),
    "training": ("train",),
    "words_training": ("train-words",),
    "renewal": ("renew",),
    "indexing": ("index", "backup-gallery", "restore-gallery"),
    "evaluation": ("evaluate", "calibrate"),
    "models": ("export-model", "quantize"),
    "serving": ("serve",),
    "keys": ("keys",),
    "schema": ("schema",),
    "demo": ("demo",),
}


def app_for(arguments: Sequence[str]) -> typer.Typer:
    """Return the command line with what these arguments ask for.

    That is the commands of one module where the first argument names one of them, and all of them
    for anything else: help, a mistake, no argument.
    """
    named = [
        module for module, names in COMMANDS.items() if arguments[:1] and arguments[0] in names
    ]
    app = typer.Typer(
        callback=_cratewatch,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode="markdown",  # "rich" swallows [default: ...]
    )
    for module in named or COMMANDS:
        app.add_typer(import_module(f"cratewatch.commands.{module}").app)
    return app


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"cratewatch {version('cratewatch')}")
        raise typer.Exit


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
    arguments = sys.argv[1:] or ["--help"]
    sys.exit(run_command(app_for(arguments), arguments))


def _stop(_signal: int, _frame: object) -> None:
    """End as on Ctrl-C, so that every process that was started is ended as well."""
    raise KeyboardInterrupt
