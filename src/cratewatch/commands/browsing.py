"""The commands that show what the catalog holds: releases, and all of one release or cover."""

from __future__ import annotations

import contextlib
import re
import sys
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cratewatch.catalog.records import storable
from cratewatch.commands.options import AsCsv, AsJson, Home, load_settings, whole
from cratewatch.commands.output import show
from cratewatch.commands.rows import Rows
from cratewatch.commands.tables import PlainTable
from cratewatch.errors import NotFoundError

if TYPE_CHECKING:
    from cratewatch.catalog.browsing import Browse
    from cratewatch.catalog.records import ListedRelease

COVER_PREFIX = re.compile(r"[0-9a-f]{4,64}")
_RELEASE = (
    *("release_id", "artist", "title", "year", "label", "catno", "format"),
    *("price", "currency", "withdrawn_at"),
)
SHOWN: dict[str, tuple[str, ...]] = {
    "offers": ("seen_at", "price", "currency", "in_stock"),
    "releases": _RELEASE,
    "same_artwork": _RELEASE,
    "items": ("kind", "key", "state", "reason", "detail", "attempts", "updated_at"),
}
"""What people are shown of many rows; of others all."""

app = typer.Typer()


@app.command(
    epilog="Example: cratewatch releases blue train --year 1957-1959 --home shop; "
    "cratewatch releases --source my-shop --csv > releases.csv"
)
def releases(  # noqa: PLR0913, PLR0917  typer reads the options from here
    query: Annotated[
        list[str] | None,
        typer.Argument(help="Words of artist, title, label, catalogue number or barcode."),
    ] = None,
    artist: Annotated[str, typer.Option(help="Only with these words in the artist.")] = "",
    label: Annotated[str, typer.Option(help="Only with these words in the label.")] = "",
    year: Annotated[str, typer.Option(help="Only of this year, or span: 1970-1979.")] = "",
    source: Annotated[str, typer.Option(help="Only releases of this source.")] = "",
    format_: Annotated[str, typer.Option("--format", help="Only in this format: LP.")] = "",
    genre: Annotated[str, typer.Option(help="Only of this genre, as the source writes it.")] = "",
    in_stock: Annotated[bool, typer.Option("--in-stock", help="Only what is in stock.")] = False,
    withdrawn: Annotated[
        bool, typer.Option("--withdrawn", help="Also what no source lists any more.")
    ] = False,
    limit: Annotated[int | None, whole(1, what="At most so many. [default: all]")] = None,
    home: Home = None,
    json_: AsJson = False,
    csv_: AsCsv = False,
) -> None:
    """List releases of the catalog; capitals and accents make no difference."""
    from cratewatch.catalog.browsing import Query
    from cratewatch.catalog.catalog import open_catalog
    from cratewatch.catalog.facts import Wanted, year_span
    from cratewatch.catalog.records import ListedRelease
    from cratewatch.retrieval.filters import check_wanted

    years = year_span(year) if year else None
    wanted = Wanted(source, years, genre, format_, in_stock=in_stock, withdrawn=withdrawn)
    words = storable(" ".join(query or ()))
    asked = Query(words, storable(artist), storable(label), wanted)
    settings = load_settings(home)
    found = 0
    with contextlib.closing(open_catalog(settings.catalog_url)) as catalog:
        check_wanted(wanted, catalog)
        rows = Rows(ListedRelease.__dataclass_fields__, as_json=json_, as_csv=csv_)
        for release in catalog.browse.releases(asked, limit):
            rows.show(asdict(release), _line(release))
            found += 1
        if not found:
            n = catalog.counts()["releases"]
            sys.stderr.write(f"none of {n} listed releases is that; take fewer words or filters\n")


@app.command(
    "show", epilog="Example: cratewatch show my-shop:1234 --home shop; cratewatch show 3fa9"
)
def show_(
    what: Annotated[str, typer.Argument(help="A release_id, or how a cover_id begins.")],
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Show all that is known of a release or a cover."""
    from cratewatch.catalog.catalog import open_catalog

    settings = load_settings(home)
    with contextlib.closing(open_catalog(settings.catalog_url)) as catalog:
        found = _find(catalog.browse, storable(what))
    show(found, json_, [] if json_ else _tables(found))


def _find(browse: Browse, what: str) -> dict[str, Any]:
    """Return what is known of a release or a cover.

    Raises:
        NotFoundError: if there is none, or more than one; names what is near.
    """
    release = browse.release(what)
    if release is not None:
        return release
    cover_ids = browse.cover_ids(what) if COVER_PREFIX.fullmatch(what) else []
    if len(cover_ids) == 1:
        cover = browse.cover(cover_ids[0])
        assert cover is not None
        return cover
    if cover_ids:
        several = ", ".join(cover_ids)
        raise NotFoundError(f"show: several covers begin with {what}: {several}; give more of one")
    near = ", ".join(browse.near(what))
    raise NotFoundError(
        f"show: no release or cover is called {what!r}{f'; near it is {near}' if near else ''}; "
        "`cratewatch releases WORDS` finds release_ids"
    )


def _line(release: ListedRelease) -> str:
    named = " \u2013 ".join(filter(None, (release.artist, release.title)))
    year = f" ({release.year})" if release.year else ""
    price = " ".join(filter(None, (str(release.price or ""), release.currency)))
    stock = "sold out" if release.in_stock is False else ""
    gone = "withdrawn" if release.withdrawn_at else ""
    number = " ".join(filter(None, (release.label, release.catno)))
    facts = filter(None, (number, release.format, price, stock, gone))
    return " \u00b7 ".join([f"{release.release_id}  {named}{year}", *facts])


def _tables(found: dict[str, Any]) -> list[PlainTable]:
    """Return what is one as names and values, what is many as rows."""
    return [
        _rows_table(name, part) if isinstance(part, list) else _single_table(name, part)
        for name, part in found.items()
        if part
    ]


def _single_table(name: str, values: dict[str, Any]) -> PlainTable:
    table = PlainTable(title=name, show_header=False)
    for key, value in values.items():
        if text := _cell(value):
            table.add_row(key, text)
    return table


def _rows_table(name: str, rows: list[dict[str, Any]]) -> PlainTable:
    """Return rows without the columns that say nothing of any."""
    known = SHOWN.get(name, rows[0])
    columns = [column for column in known if any(_cell(row[column]) for row in rows)]
    table = PlainTable(title=name.replace("_", " "))
    for column in columns:
        table.add_column(storable(column))
    for row in rows:
        table.add_row(*(_cell(row[column]) for column in columns))
    return table


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value)
    return "" if value is None else str(value)
