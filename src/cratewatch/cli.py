"""The command line: thin commands; cratewatch.boundary turns their errors into one line.

Heavy modules are imported inside the commands, so that help and mistakes answer at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cratewatch import (
    evaluation_command,
    index_command,
    model_commands,
    synthesis_command,
    training_command,
)
from cratewatch.boundary import run_command
from cratewatch.errors import CratewatchError
from cratewatch.options import AsJson, Home
from cratewatch.options import given as _given
from cratewatch.printing import out, show, show_answer
from cratewatch.settings import Settings, environment_settings, load_settings
from cratewatch.tables import failures_table, status_tables

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # "rich" swallows [default: ...]
    help="Identify vinyl albums in CCTV footage: catalog, synthesis, training and gallery.",
)
app.add_typer(model_commands.app)
app.add_typer(synthesis_command.app)
app.add_typer(training_command.app)
app.add_typer(evaluation_command.app)
app.add_typer(index_command.app)

Rerank = Annotated[
    int | None,
    typer.Option(min=0, max=100, help="Best covers compared with a query keypoint by keypoint."),
]
IDENTIFY_BATCH = 64


def main() -> None:
    """Run the command that was asked for; without any, show what there is."""
    signal.signal(signal.SIGTERM, _stop)
    # Milvus Lite's server finds its own client's pings too many, and gRPC prints that.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    for stream in (sys.stdin, sys.stdout):  # file names need not be UTF-8
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="surrogateescape")
    sys.exit(run_command(app, sys.argv[1:] or ["--help"]))


@app.command(
    "import", epilog="Example: cratewatch import covers/ --csv covers/covers.csv --home shop"
)
def import_(
    folder: Annotated[Path, typer.Argument(help="Folder of cover images, searched through.")],
    csv: Annotated[
        Path | None,
        typer.Option(help="Columns: file (relative to FOLDER), artist, title, label, catno, ..."),
    ] = None,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Import a folder of cover images into the catalog."""
    from cratewatch.catalog import open_catalog
    from cratewatch.importing import import_folder
    from cratewatch.lake import open_lake
    from flows.progress import progress_bar

    settings = load_settings(home=home)
    with (
        contextlib.closing(open_catalog(settings.catalog_url)) as catalog,
        catalog.one_writer(),
        progress_bar("import") as advance,
    ):
        report = import_folder(
            folder,
            catalog,
            open_lake(settings.lake),
            csv_file=csv,
            on_progress=advance,
        )
    show(asdict(report), json_)
    if report.failed:
        raise CratewatchError(report.refusals())


@app.command(epilog="Example: cratewatch refresh my-shop --home shop")
def refresh(
    sources: Annotated[list[str], typer.Argument(help="Names of [sources.NAME] in the settings.")],
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Refresh sources: crawl, diff, fetch covers, embed what changed, check, report."""
    _refresh(load_settings(home=home), sources, json_)


@app.command(epilog="Example: cratewatch retry --home shop")
def retry(
    sources: Annotated[
        list[str] | None, typer.Argument(help="Sources. [default: all that have failed items]")
    ] = None,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Take failed items up again: pages, images, and covers that were not embedded."""
    from cratewatch.status import sources_to_retry

    settings = load_settings(home=home)
    chosen = sources or sources_to_retry(settings)
    if chosen:
        _refresh(settings, chosen, json_, only_failed=True)
    else:
        out.print("nothing to retry: no item of a configured source has failed")


def _refresh(
    settings: Settings, sources: list[str], json_: bool, *, only_failed: bool = False
) -> None:
    for source in sources:
        settings.source(source)
    with _prefect(settings) as await_ready:
        from flows.refresh_catalog import RefreshError, refresh_catalog

        await_ready()
        try:
            reports = refresh_catalog(settings.home, sources, only_failed=only_failed)
        except RefreshError as error:
            for report in error.reports:
                show(report, json_)
            raise
    for report in reports:
        show(report, json_)


@app.command(epilog="Example: cratewatch schedule my-shop --cron '0 3 * * *' --home shop")
def schedule(
    sources: Annotated[list[str], typer.Argument(help="Names of [sources.NAME] in the settings.")],
    cron: Annotated[
        str, typer.Option(help="Minute, hour, day of month, month, day of week.")
    ] = "0 3 * * *",
    timezone: Annotated[str, typer.Option(help="In which the expression counts.")] = "UTC",
    home: Home = None,
) -> None:
    """Refresh sources every night until Ctrl-C; a missed night is made up once."""
    from flows.orchestration import one_schedule
    from flows.timetable import Nights

    settings = load_settings(home=home)
    for source in sources:
        settings.source(source)
    nights = Nights(cron, timezone)
    settings.home.mkdir(parents=True, exist_ok=True)
    with one_schedule(settings.home), _prefect(settings, "schedule.db") as await_ready:
        from flows.serving import serve_nights

        await_ready()
        asyncio.run(serve_nights(settings, sources, nights))


@app.command(epilog="Example: cratewatch calibrate --false-accepts 0.02 --home shop")
def calibrate(
    queries: Annotated[
        str, typer.Option(help="Run or folder of shards. [default: the latest test run]")
    ] = "",
    false_accepts: Annotated[
        float | None,
        typer.Option(help="Share of unknown sleeves that may be taken for known, 0..1."),
    ] = None,
    rerank: Rerank = None,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Find the score from which identify may say that a sleeve is in the catalog."""
    from cratewatch.calibrating import calibrate_serving
    from cratewatch.retrieval import SearchConfig

    if false_accepts is not None and not 0 < false_accepts < 1:
        raise CratewatchError(f"--false-accepts: {false_accepts} is not above 0 and below 1")
    calibration = calibrate_serving(
        load_settings(home=home),
        SearchConfig(**_given(rerank=rerank)),
        queries,
        **_given(wanted_false_accepts=false_accepts),
    )
    show(asdict(calibration), json_)


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
    from cratewatch.facts import Wanted, year_span
    from cratewatch.identification import open_identifier
    from cratewatch.retrieval import SearchConfig

    failed = False
    config = SearchConfig(**_given(rerank=rerank))
    years = year_span(year) if year else None
    wanted = Wanted(source, years, genre, format_, in_stock=in_stock, withdrawn=withdrawn)
    with open_identifier(load_settings(home=home), config, wanted) as identifier:
        for answer in identifier.answers(_paths(images), top, IDENTIFY_BATCH):
            failed |= "error" in answer
            show_answer(answer, json_)
    if failed:
        sys.exit(1)


@app.command(epilog="Example: cratewatch status --json --home shop; cratewatch status --failures")
def status(
    failures: Annotated[
        bool, typer.Option("--failures", help="List failed items by reason, with examples.")
    ] = False,
    examples: Annotated[int, typer.Option(min=1, help="Of each reason, for --failures.")] = 3,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Show what catalog, lake and gallery hold and how the last runs ended."""
    from cratewatch.status import collect_failures, collect_status

    settings = load_settings(home=home)
    if failures:
        found = collect_failures(settings, examples)
        show(found, json_, [failures_table(found)])
    else:
        found = collect_status(settings)
        show(found, json_, status_tables(found))


@app.command(epilog="Example: cratewatch demo --home build/demo")
def demo(
    home: Annotated[Path, typer.Option(help="Folder for everything that it makes.")] = Path(
        "build/demo"
    ),
) -> None:
    """Run the whole way of the data on an embedded record shop."""
    from cratewatch.demo.home import empty_home

    _refuse_settings_from_outside()
    empty_home(home)
    settings = load_settings(home=home)
    with _prefect(settings) as await_ready:
        from cratewatch.demo.run import run_demo

        await_ready()
        run_demo(settings.home)


def _stop(_signal: int, _frame: object) -> None:
    """End as on Ctrl-C, so that every process that was started is ended as well."""
    raise KeyboardInterrupt


def _refuse_settings_from_outside() -> None:
    """Keep the demo away from the catalog, lake and gallery that the environment names."""
    elsewhere = sorted(set(environment_settings()) - {"CRATEWATCH_HOME"})
    if elsewhere:
        raise CratewatchError(f"demo: unset {', '.join(elsewhere)}; it keeps to its own --home")


def _prefect(
    settings: Settings, database: str = "prefect.db"
) -> contextlib.AbstractContextManager[Callable[[], None]]:
    """Have Prefect for the flows; the block imports them, then waits by the function it gets."""
    from flows.orchestration import configure_prefect
    from flows.prefect_server import prefect_server

    configure_prefect(settings.home)
    return prefect_server(settings.home, database)


def _paths(images: list[str]) -> Iterator[str]:
    for image in images:
        if image == "-":
            yield from (line.rstrip("\n") for line in sys.stdin if line.strip())
        else:
            yield image
