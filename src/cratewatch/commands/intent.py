"""The command that tells what was handled against what was sold."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cratewatch.commands.options import AsJson, Home, load_settings, require_page
from cratewatch.commands.output import show
from cratewatch.commands.prices import Currency, currency_of
from cratewatch.commands.rows import say
from cratewatch.errors import CratewatchError

if TYPE_CHECKING:
    from cratewatch.catalog.catalog import Catalog
    from cratewatch.intent.periods import Till
    from cratewatch.intent.report import AlbumIntent, IntentReport, PeriodIntent
    from cratewatch.intent.shares import Share
    from cratewatch.intent.spans import Span
    from cratewatch.settings import Settings

SHOWN = 20
"""Albums that are printed for people; the page and the CSV have more."""

app = typer.Typer()


@app.command(
    epilog="Example: cratewatch intent --from 2026-11-01 --to 2026-11-30 --sales till.csv "
    "--report intent.html --home shop"
)
def intent(  # noqa: PLR0913, PLR0917  typer reads the options from here
    first: Annotated[str, typer.Option("--from", help="First day, such as 2026-11-01.")],
    last: Annotated[str, typer.Option("--to", help="Last day.")],
    sales: Annotated[
        list[Path] | None,
        typer.Option(help="Files of a till. [default: what `import-sales` has imported]"),
    ] = None,
    till: Annotated[str, typer.Option(help="Whose files they are, as import-sales takes it.")] = (
        "till"
    ),
    currency: Currency = "",
    report: Annotated[Path | None, typer.Option(help="Page to write, .html.")] = None,
    csv_: Annotated[
        Path | None, typer.Option("--csv", help="File to write all albums to, a row each.")
    ] = None,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Tell what customers picked up and put back against what they bought, album by album."""
    from cratewatch.catalog.catalog import open_catalog
    from cratewatch.intent.album_rows import Prices
    from cratewatch.intent.spans import Span, read_day
    from cratewatch.intent.telling import tell_intent
    from cratewatch.pricing.rates import load_rates

    if report is not None:
        require_page(report)
    if csv_ is not None and not csv_.absolute().parent.is_dir():
        raise CratewatchError(f"--csv: {csv_.parent} is no folder; make it first")
    settings = load_settings(home)
    span = Span(read_day(first, "--from"), read_day(last, "--to"), settings.timezone)
    prices = Prices(currency_of(currency, settings), load_rates(settings.rates_path))
    with contextlib.closing(open_catalog(settings.catalog_url)) as catalog:
        sold = _till(catalog, settings, span, sales or [], till)
        told = tell_intent(catalog, span, sold, prices)
        _export(catalog, settings, told, report, csv_)
    if json_:
        show(asdict(told), json_)
        return
    for line in _lines(told):
        say(line)


def _till(catalog: Catalog, settings: Settings, span: Span, files: list[Path], name: str) -> Till:
    """Return the sales of files, or those that were imported."""
    from datetime import timedelta

    from cratewatch.intent.periods import Till
    from cratewatch.sources.till.importing import read_sales

    def zone_of(source: str) -> str:
        layout = settings.tills.get(source)
        return layout.timezone if layout else "UTC"

    if files:
        sold, report = read_sales(files, catalog, name, settings.till(name))
        return Till(sold, zone_of, report.bad_lines())
    others = list(settings.sources)  # what they tell was not sold here
    if not catalog.observations.sells(others):
        return Till(None, zone_of)
    near = timedelta(days=1)  # a till's own day may begin at another hour
    since, until = span.before.since - near, span.until + near
    return Till(catalog.observations.sold_between(since, until, others), zone_of)


def _export(
    catalog: Catalog,
    settings: Settings,
    told: IntentReport,
    page: Path | None,
    table: Path | None,
) -> None:
    """Write the files that were asked for, each with a row of the audit."""
    from cratewatch.lake.opening import open_lake
    from cratewatch.reports.intent.page import write_page

    about = f"{told.period.first} to {told.period.last}"
    if page is not None:
        catalog.audit.note("intent", str(page.absolute()), about, len(told.albums))
        write_page(told, open_lake(settings.lake), page)
    if table is not None:
        catalog.audit.note("intent", str(table.absolute()), about, len(told.albums))
        _write_csv(told, table)


def _write_csv(told: IntentReport, path: Path) -> None:
    from cratewatch.intent.report import AlbumIntent

    names = [field.name for field in fields(AlbumIntent) if field.name != "conversion"]
    ends = ("conversion", "conversion_low", "conversion_high")
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        rows = csv.DictWriter(file, [*names, *ends])
        rows.writeheader()
        for album in told.albums:
            share = album.conversion
            values = (share.value, share.low, share.high) if share else (None, None, None)
            row = {name: _cell(getattr(album, name)) for name in names}
            rows.writerow(row | dict(zip(ends, map(_cell, values), strict=True)))


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return round(value, 4) if isinstance(value, float) else value


def _lines(told: IntentReport) -> Iterator[str]:
    yield from _period_lines(told.period)
    if told.before is not None:
        before = told.before
        said = "changed by more than noise" if told.handlers_changed else "no change beyond noise"
        yield (
            f"before, {before.first} to {before.last}: {before.handlers:.1f} handlers on "
            f"{before.watched_days} days of footage, {_share(before.conversion)} of them bought; "
            f"{said}"
        )
    yield "albums by handlers:"
    some = [album for album in told.albums if album.bought or round(album.handlers, 1)]
    for album in some[:SHOWN]:
        yield f"  {_album_line(album)}"
    if more := len(told.albums) - len(some[:SHOWN]):
        yield f"  and {more} more; --csv has all"
    for note in told.notes:
        yield f"note: {note}"


def _period_lines(period: PeriodIntent) -> Iterator[str]:
    yield (
        f"{period.first} to {period.last}: {period.handlers:.1f} handlers, {period.handled:.1f} of "
        f"{period.handlings} handlings of albums known, {period.seconds:.0f} s; "
        f"{period.uncertain:.0%} of it uncertain"
    )
    if period.bought is not None:
        yield (
            f"bought {period.bought}, {period.bought_unseen:.1f} of them unseen; brought back "
            f"{period.returned}; {_share(period.conversion)} of handlers bought"
        )


def _album_line(album: AlbumIntent) -> str:
    named = " \u2013 ".join(filter(None, (album.artist, album.title))) or album.artwork_id[:12]
    bought = "" if album.bought is None else f", bought {album.bought}"
    share = "" if album.conversion is None else f" ({_share(album.conversion)})"
    marks = ", never bought" if album.never_bought else ""
    if album.changed:
        said = "new" if album.change is None else f"{album.change:+.0%}"
        marks += f", {said} against before"
    return f"{_people(album.handlers):>6}  {album.seconds:5.0f} s  {named}{bought}{share}{marks}"


def _people(handlers: float) -> str:
    """Return how many people were seen, by probability; few are not none."""
    return "<0.1" if 0 < handlers < 0.05 else f"{handlers:.1f}"


def _share(share: Share | None) -> str:
    return "-" if share is None else f"{share.value:.0%} [{share.low:.0%} to {share.high:.0%}]"
