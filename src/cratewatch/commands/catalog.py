"""The commands that fill the catalog: import, import-dump, refresh, retry, schedule."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cratewatch.catalog.records import storable
from cratewatch.commands.options import AsJson, Home, load_settings
from cratewatch.commands.output import out, show
from cratewatch.commands.prefect import prefect
from cratewatch.errors import CratewatchError
from cratewatch.folders import private_folder

if TYPE_CHECKING:
    from cratewatch.settings import Settings
    from flows.source_report import SourceReport

app = typer.Typer()


@app.command(
    "import", epilog="Example: cratewatch import covers/ --csv covers/covers.csv --home shop"
)
def import_(
    folder: Annotated[Path, typer.Argument(help="Folder of cover images, searched through.")],
    csv: Annotated[
        Path | None,
        typer.Option(help="Columns: file (relative to FOLDER), artist, title, label, catno, ..."),
    ] = None,
    clear: Annotated[
        list[str] | None,
        typer.Option(help="Column to empty where nothing is given; else what is stored stays."),
    ] = None,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Import a folder of cover images into the catalog; what is not given stays as it is."""
    from cratewatch.catalog.catalog import open_catalog
    from cratewatch.lake.opening import open_lake
    from cratewatch.sources.folder.importing import import_folder
    from flows.progress import progress_bar

    settings = load_settings(home, makes_home=True)
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
            clear=clear or (),
            on_progress=advance,
        )
    show(asdict(report), json_)
    if report.failed:
        raise CratewatchError(report.refusals())


@app.command(
    epilog="Example: cratewatch import-dump blue-note discogs_20260801_releases.xml.gz --home shop"
)
def import_dump(
    source: Annotated[
        str, typer.Argument(help='Name of a [sources.NAME] with spider = "dump" in the settings.')
    ],
    files: Annotated[list[Path], typer.Argument(help="Files of one month's dump, in any order.")],
    covers: Annotated[
        bool,
        typer.Option("--covers/--no-covers", help="Whether to fetch the covers that are missing."),
    ] = True,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Import a Discogs or MusicBrainz dump: what differs from the last one, then the covers."""
    settings = load_settings(home, makes_home=True)
    from flows.dump_import import import_dumps
    from flows.refreshing import RefreshError

    try:
        report = import_dumps(settings, source, files, covers=covers)
    except RefreshError as error:
        show(error.reports[0].as_json(), json_)
        raise
    show(report.as_json(), json_)


@app.command(
    epilog="Example: cratewatch refresh my-shop --home shop; cratewatch refresh my-shop --dry-run"
)
def refresh(
    sources: Annotated[list[str], typer.Argument(help="Names of [sources.NAME] in the settings.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Crawl and list what would change; change nothing.")
    ] = False,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Refresh sources: crawl, diff, fetch covers, embed what changed, check, report."""
    if dry_run:
        _tell_only(load_settings(home), sources, json_)
        return
    _refresh(load_settings(home, makes_home=True), sources, json_)


@app.command(epilog="Example: cratewatch retry --home shop")
def retry(
    sources: Annotated[
        list[str] | None, typer.Argument(help="Sources. [default: all that have failed items]")
    ] = None,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Take failed items up again: pages, images, and covers that were not embedded.

    Of a source whose listing failed nobody knows which pages did: it is refreshed as a whole.
    """
    from cratewatch.monitoring.status import sources_to_retry, whose_listing_failed

    settings = load_settings(home)
    chosen = sources or sources_to_retry(settings)
    for source in whose_listing_failed(settings, chosen):
        sys.stderr.write(f"{source}: its listing failed, so all of it is refreshed\n")
    if chosen:
        _refresh(settings, chosen, json_, only_failed=True)
    else:
        out.print("nothing to retry: no item of a configured source has failed")


@app.command(
    epilog="Example: cratewatch schedule my-shop --cron '0 3 * * *' --home shop; "
    "cratewatch schedule my-shop --renew '0 5 * * SUN'"
)
def schedule(  # noqa: PLR0913, PLR0917  a declaration of a command
    sources: Annotated[list[str], typer.Argument(help="Names of [sources.NAME] in the settings.")],
    cron: Annotated[
        str, typer.Option(help="Minute, hour, day of month, month, day of week.")
    ] = "0 3 * * *",
    timezone: Annotated[str, typer.Option(help="In which the expressions count.")] = "UTC",
    renew: Annotated[
        str,
        typer.Option(help="When to renew the serving model, too, like --cron. [default: never]"),
    ] = "",
    prices: Annotated[
        list[str] | None,
        typer.Option(help="Source that is asked for prices after each refresh. [default: none]"),
    ] = None,
    home: Home = None,
) -> None:
    """Refresh sources every night until Ctrl-C; a missed night is made up once."""
    import asyncio

    from flows.orchestration import one_schedule
    from flows.timetable import Nights

    settings = load_settings(home)
    for source in sources:
        settings.source_of_releases(source)
    for source in prices or ():
        settings.source_of_prices(source)
    nights = Nights(cron, timezone)
    renewals = Nights(renew, timezone, "--renew") if renew else None
    private_folder(settings.home)
    with one_schedule(settings.home), prefect(settings, "schedule.db") as await_ready:
        from flows.serving import serve_nights

        await_ready()
        asyncio.run(serve_nights(settings, sources, nights, renewals, prices))


def _refresh(
    settings: Settings, sources: list[str], json_: bool, *, only_failed: bool = False
) -> None:
    for source in sources:
        settings.source_of_releases(source)
    from flows.refreshing import RefreshError

    try:
        reports = _refreshed(settings, sources, only_failed)
    except RefreshError as error:
        for report in error.reports:
            show(report.as_json(), json_)
        raise
    for report in reports:
        show(report.as_json(), json_)
        if not json_:
            _say_what_changed(report)


def _say_what_changed(report: SourceReport) -> None:
    from cratewatch.commands.changes import told

    changed = told(asdict(report.diff)) if report.diff else "no release"
    said = f"{report.source}: {changed}; {report.listed_by} lists them"
    out.print(storable(said), soft_wrap=True)


def _refreshed(settings: Settings, sources: list[str], only_failed: bool) -> list[SourceReport]:
    """Refresh by a flow on the Prefect server that the environment names, or else without any."""
    if not os.environ.get("PREFECT_API_URL"):
        from flows.refreshing import refresh

        return refresh(settings, sources, only_failed=only_failed)
    with prefect(settings) as await_ready:
        from flows.refresh_catalog import refresh_catalog

        await_ready()
        return refresh_catalog(settings.home, sources, only_failed=only_failed)


def _tell_only(settings: Settings, sources: list[str], json_: bool) -> None:
    """List what a refresh would change, and say on standard error what it would come to.

    Raises:
        CratewatchError: if a listing could not be read as a whole, once all is told.
    """
    from cratewatch.commands.changes import COLUMNS, show_changes, told
    from cratewatch.commands.rows import Rows
    from flows.dry_run import dry_run

    for source in sources:
        settings.source_of_releases(source)
    rows = Rows(COLUMNS, as_json=json_, as_csv=False)
    incomplete = []
    for source in sources:
        with dry_run(settings, source) as found:
            show_changes(rows, found.changes, applied=False)
            would = found.refusal or f"{source}: would be {told(asdict(found.diff))}"
            sys.stderr.write(storable(f"{would}; this was a dry run, nothing was changed") + "\n")
            if not found.crawl.complete:
                incomplete.append(f"{source}: not every listing page could be read; {found.log}")
    if incomplete:
        raise CratewatchError("; ".join(incomplete))
