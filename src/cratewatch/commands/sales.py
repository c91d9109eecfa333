"""The command that takes in what the shop sold."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cratewatch.commands.options import AsJson, Home, load_settings
from cratewatch.commands.output import show
from cratewatch.errors import CratewatchError

app = typer.Typer()


@app.command(
    "import-sales",
    epilog="Example: cratewatch import-sales items-2026-06.csv --till counter --home shop",
)
def import_sales_(
    files: Annotated[
        list[Path],
        typer.Argument(help="CSV of a till, or order exports of Square, Shopify or Discogs."),
    ],
    till: Annotated[
        str,
        typer.Option(help="Whose sales they are: [tills.TILL] of the settings, if it is there."),
    ] = "till",
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Import what the shop sold, returns included; what is known already is not doubled."""
    from cratewatch.catalog.catalog import open_catalog
    from cratewatch.sources.till.importing import import_sales
    from flows.progress import progress_bar

    settings = load_settings(home, makes_home=True)
    layout = settings.till(till)
    with (
        contextlib.closing(open_catalog(settings.catalog_url)) as catalog,
        catalog.one_writer(),
        progress_bar("import-sales") as advance,
    ):
        report = import_sales(files, catalog, till, layout, advance)
    show(asdict(report), json_)
    if refusals := report.refusals():
        raise CratewatchError(refusals)
