"""The command that tells which releases of several sources are one pressing, and takes it apart."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Annotated

import typer

from cratewatch.catalog.records import storable
from cratewatch.commands.options import AsCsv, AsJson, Home, load_settings
from cratewatch.commands.rows import Rows
from cratewatch.errors import CratewatchError

if TYPE_CHECKING:
    from cratewatch.catalog.catalog import Catalog
    from cratewatch.catalog.links import Link

app = typer.Typer()


@app.command(
    epilog="Example: cratewatch links --find; cratewatch links discogs:1 --csv; "
    "cratewatch links discogs:1 mb:4f0c --refuse"
)
def links(  # noqa: PLR0913, PLR0917  what is shown, and what is done to it
    release: Annotated[
        str, typer.Argument(help="A release, to list what it is one pressing with. [default: all]")
    ] = "",
    other: Annotated[str, typer.Argument(help="Another one, for --refuse and --restore.")] = "",
    find: Annotated[
        bool, typer.Option("--find", help="Compare all sources first, as each refresh does.")
    ] = False,
    refuse: Annotated[
        bool, typer.Option("--refuse", help="Say that the two are two pressings.")
    ] = False,
    restore: Annotated[
        bool, typer.Option("--restore", help="Take back that they were refused.")
    ] = False,
    refused: Annotated[
        bool, typer.Option("--refused", help="List the pairs that were refused.")
    ] = False,
    home: Home = None,
    json_: AsJson = False,
    csv_: AsCsv = False,
) -> None:
    """List which releases of several sources are one pressing, why, and how sure that is."""
    from cratewatch.catalog.catalog import open_catalog
    from cratewatch.catalog.links import Link

    settings = load_settings(home)
    rows = Rows((field.name for field in fields(Link)), as_json=json_, as_csv=csv_)
    one, two = storable(release), storable(other)
    if (refuse or restore) != bool(two) or (refuse and restore):
        raise CratewatchError("links: give two releases and one of --refuse and --restore")
    with contextlib.closing(open_catalog(settings.catalog_url)) as catalog:
        if find or two:
            _change(catalog, one, two, refuse)
        if two:
            return
        found = catalog.links.of(one) if one else catalog.links.all(refused=refused)
        for link in found:
            rows.show(asdict(link), _line(link))


def _change(catalog: Catalog, one: str, two: str, refuse: bool) -> None:
    with catalog.one_writer():
        if not two:
            told = asdict(catalog.links.find())
            sys.stderr.write(", ".join(f"{n} {name}" for name, n in told.items()) + "\n")
        elif refuse:
            catalog.links.refuse(one, two)
        else:
            catalog.links.restore(one, two)


def _line(link: Link) -> str:
    said = f"{link.release_id}  {link.other_id}  {link.reason} {link.confidence:.2f}"
    return f"{said}  refused {link.refused_at:%Y-%m-%d}" if link.refused_at else said
