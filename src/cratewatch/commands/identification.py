"""The command that names what pictures show."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from cratewatch.commands.options import AsJson, Home, Rerank, given, load_settings
from cratewatch.commands.output import show_answer

IDENTIFY_BATCH = 64

app = typer.Typer()


@app.command(
    epilog="Example: cratewatch identify crop.jpg --top 3 --home shop; "
    "find crops -name '*.jpg' | cratewatch identify - --json"
)
def identify(  # noqa: PLR0913, PLR0917  typer reads the options from here
    images: Annotated[list[str], typer.Argument(help="Image files; -: paths on standard input.")],
    top: Annotated[int, typer.Option(min=1, max=100, help="Matches for each image.")] = 5,
    source: Annotated[str, typer.Option(help="Only releases of this source.")] = "",
    year: Annotated[str, typer.Option(help="Only of this year, or span: 1970-1979.")] = "",
    genre: Annotated[str, typer.Option(help="Only of this genre, as the source writes it.")] = "",
    format_: Annotated[str, typer.Option("--format", help="Only in this format: LP.")] = "",
    in_stock: Annotated[bool, typer.Option("--in-stock", help="Only what is in stock.")] = False,
    withdrawn: Annotated[
        bool, typer.Option("--withdrawn", help="Also what no source lists any more.")
    ] = False,
    rerank: Rerank = None,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Name the release that an image shows."""
    from cratewatch.catalog.facts import Wanted, year_span
    from cratewatch.retrieval.config import SearchConfig
    from cratewatch.retrieval.filters import check_wanted
    from cratewatch.retrieval.identification import open_identifier

    failed = False
    config = SearchConfig(**given(rerank=rerank))
    years = year_span(year) if year else None
    wanted = Wanted(source, years, genre, format_, in_stock=in_stock, withdrawn=withdrawn)
    with open_identifier(load_settings(home), config, wanted) as identifier:
        check_wanted(wanted, identifier.catalog)
        for answer in identifier.answers(_paths(images), top, IDENTIFY_BATCH):
            failed |= "error" in answer
            show_answer(answer, json_)
    if failed:
        sys.exit(1)


def _paths(images: list[str]) -> Iterator[str]:
    for image in images:
        if image == "-":
            yield from (line.rstrip("\n") for line in sys.stdin if line.strip())
        else:
            yield image
