"""The command that names what pictures show."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from cratewatch.commands.options import AsJson, Home, Rerank, given, load_settings, whole
from cratewatch.commands.output import show_answer

if TYPE_CHECKING:
    from cratewatch.retrieval.answers import Answer

IDENTIFY_BATCH = 64

app = typer.Typer()


@app.command(
    epilog="Example: cratewatch identify crop.jpg --top 3 --home shop; "
    "find crops -name '*.jpg' | cratewatch identify - --json"
)
def identify(  # noqa: PLR0913, PLR0917  typer reads the options from here
    images: Annotated[
        list[str],
        typer.Argument(
            help="Images, folders or patterns; -: a picture, or paths, on standard input."
        ),
    ],
    top: Annotated[int, whole(1, 100, "Matches for each image.")] = 5,
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
    from cratewatch.chunks import chunks
    from cratewatch.commands.pictures import all_missing, pictures
    from cratewatch.retrieval.answers import Answer
    from cratewatch.retrieval.config import SearchConfig
    from cratewatch.retrieval.filters import check_wanted
    from cratewatch.retrieval.identification import open_identifier

    config = SearchConfig(**given(rerank=rerank))
    years = year_span(year) if year else None
    wanted = Wanted(source, years, genre, format_, in_stock=in_stock, withdrawn=withdrawn)
    settings = load_settings(home)
    if all_missing(images):  # no model need be loaded to say so
        missing = "missing: no such file; check the path"
        _show((Answer(image, error=missing) for image in images), json_)
        return
    with open_identifier(settings, config, wanted) as identifier:
        check_wanted(wanted, identifier.catalog)
        parts = chunks(pictures(images), IDENTIFY_BATCH)
        answers = chain.from_iterable(identifier.identify(part, top) for part in parts)
        _show(answers, json_)


def _show(answers: Iterable[Answer], as_json: bool) -> None:
    """Print answers as they come; ends the command with exit code 1 after bad ones."""
    failed = False
    for answer in answers:
        failed |= answer.error is not None
        show_answer(answer.as_json(), as_json)
    if failed:
        sys.exit(1)
