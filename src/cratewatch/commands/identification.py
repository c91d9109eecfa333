"""The command that names what pictures show."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cratewatch.commands.options import (
    AsJson,
    Home,
    Rerank,
    given,
    load_settings,
    require_page,
    whole,
)
from cratewatch.commands.output import show_answer
from cratewatch.commands.preview import previewed, require_preview

if TYPE_CHECKING:
    from cratewatch.retrieval.answers import Answer
    from cratewatch.retrieval.identification import Identifier, ReadPicture

IDENTIFY_BATCH = 16
"""Pictures that are answered together: whole ones take a second each, and are waited for."""
Looking = Literal["auto", "find", "crop"]
"""Those of retrieval.sleeves.Sleeves."""

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
    sleeves: Annotated[
        Looking,
        typer.Option(
            help="Look for sleeves in a picture, or take it for a crop of one; auto: look, unless "
            "it is recognised as a crop at a glance."
        ),
    ] = "auto",
    preview: Annotated[
        Path | None,
        typer.Option(help="Also draw the sleeves of the one picture, with their names, as PNG."),
    ] = None,
    rerank: Rerank = None,
    report: Annotated[
        Path | None, typer.Option(help="Also write a page with queries beside their matches.")
    ] = None,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Name the release that an image shows."""
    from cratewatch.commands.pictures import all_missing

    if report:
        require_page(report)
    if preview:
        require_preview(preview, images)
    years = _year_span(year) if year else None
    settings = load_settings(home)
    if all_missing(images):  # what comes now takes seconds
        missing = "missing: no such file; check the path"
        _show(({"query": image, "error": missing} for image in images), json_)
        return
    from cratewatch.catalog.facts import Wanted
    from cratewatch.lake.opening import open_lake
    from cratewatch.reports.answers.page import AnswersPage
    from cratewatch.retrieval.config import SearchConfig
    from cratewatch.retrieval.filters import check_wanted
    from cratewatch.retrieval.identification import open_identifier

    config = SearchConfig(**given(rerank=rerank))
    wanted = Wanted(source, years, genre, format_, in_stock=in_stock, withdrawn=withdrawn)
    with open_identifier(settings, config, wanted) as identifier:
        check_wanted(wanted, identifier.catalog)
        answers = _ask(identifier, images, top, sleeves)
        if preview:
            answers = previewed(answers, preview)
        if report:
            page = AnswersPage(open_lake(settings.lake), identifier.embedder.name)
            answers = page.written_behind(answers, report)
        _show((answer.as_json() for answer, _ in answers), json_)


def _year_span(text: str) -> tuple[int, int]:
    from cratewatch.catalog.facts import year_span

    return year_span(text)


def _ask(
    identifier: Identifier, images: Sequence[str], top: int, sleeves: Looking
) -> Iterator[tuple[Answer, ReadPicture]]:
    """Yield the answers as they come, each with what reads its picture."""
    from cratewatch.chunks import chunks
    from cratewatch.commands.pictures import pictures

    for part in chunks(pictures(images), IDENTIFY_BATCH):
        reads = [read for _, read in part]
        yield from zip(identifier.identify(part, top, sleeves), reads, strict=True)


def _show(answers: Iterable[dict[str, Any]], as_json: bool) -> None:
    """Print answers as they come; ends the command with exit code 1 after bad ones."""
    failed = False
    for answer in answers:
        failed |= "error" in answer
        show_answer(answer, as_json)
    if failed:
        sys.exit(1)
