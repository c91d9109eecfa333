"""The commands that tell prices: what was paid, and what a record is worth."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cratewatch.catalog.records import storable
from cratewatch.commands.options import AsCsv, AsJson, Home, load_settings, whole
from cratewatch.commands.output import show
from cratewatch.commands.rows import Rows, say
from cratewatch.errors import CratewatchError, NotFoundError

if TYPE_CHECKING:
    from cratewatch.catalog.catalog import Catalog
    from cratewatch.pricing.estimate import PriceEstimate
    from cratewatch.pricing.history import History, PricePoint
    from cratewatch.pricing.pricer import Pricer
    from cratewatch.retrieval.answers import Answer
    from cratewatch.settings import Settings

MOST_DAYS = 36_500
Currency = Annotated[
    str, typer.Option(help="ISO 4217. [default: `currency` of the settings]", show_default=False)
]

app = typer.Typer()


@app.command(
    epilog="Example: cratewatch prices my-shop:1234 --days 365 --home shop; "
    "cratewatch prices my-shop:1234 --csv > prices.csv"
)
def prices(  # noqa: PLR0913, PLR0917  typer reads the options from here
    releases: Annotated[list[str], typer.Argument(help="release_ids of the catalog.")],
    days: Annotated[int | None, whole(1, MOST_DAYS, "Only of so many. [default: all]")] = None,
    currency: Currency = "",
    home: Home = None,
    json_: AsJson = False,
    csv_: AsCsv = False,
) -> None:
    """Show what releases were sold and asked for."""
    from cratewatch.catalog.catalog import open_catalog
    from cratewatch.pricing.history import PricePoint, history
    from cratewatch.pricing.rates import load_rates

    settings = load_settings(home)
    into = currency_of(currency, settings)
    rates = load_rates(settings.rates_path)
    since = datetime.now(UTC) - timedelta(days=days) if days else None
    with contextlib.closing(open_catalog(settings.catalog_url)) as catalog:
        known = catalog.releases.by_id(list(map(storable, releases)))
        if unknown := next((one for one in releases if storable(one) not in known), None):
            raise NotFoundError(_no_such_release(unknown, catalog))
        columns = [field.name for field in fields(PricePoint)]
        rows = Rows(columns, as_json=json_, as_csv=csv_)
        for release_id in known:
            seen = catalog.observations.of_releases([release_id])
            told = history(release_id, seen, into, rates, since=since)
            _show_history(told, rows, as_csv=csv_)


def _show_history(told: History, rows: Rows, *, as_csv: bool) -> None:
    """Print a history; as CSV its prices, a row each."""
    if as_csv:
        for point in told.observations:
            rows.show(asdict(point), "")
        return
    if not rows.for_people:
        rows.show(asdict(told), "")
        return
    for line in _history_lines(told):
        say(line)


def _history_lines(told: History) -> Iterator[str]:
    yield f"{told.release_id}: {told.sold} sold, {told.asking} asked for"
    if told.last_sold:
        yield f"  last sold   {_point(told.last_sold, told.currency)}"
    for of in told.medians:
        said = of.condition or "no condition"
        yield f"  median      {of.median} {told.currency} in {said}, of {of.n}"
    if told.trend is not None:
        yield f"  trend       {told.trend:+.0%} a year"
    if told.sell_through is not None:
        yield f"  sold        {told.sell_through:.0%} of what was listed"
    for point in told.observations:
        yield f"  {_point(point, told.currency)}"
    for line in told.unconverted:
        yield f"  left out: {line}"


def _point(one: PricePoint, currency: str) -> str:
    given = "" if one.currency == currency else f" ({one.price} {one.currency})"
    pieces = f" x {one.quantity}" if one.quantity != 1 else ""
    grade = one.media_condition or "?"
    far = ", far from the others" if one.outlier else ""
    return (
        f"{one.observed_at:%Y-%m-%d}  {one.kind:<10}  {one.value} {currency}{given}{pieces}  "
        f"{grade:<3}  {one.source}{far}"
    )


@app.command(
    epilog="Example: cratewatch price my-shop:1234 --condition NM --home shop; "
    "cratewatch price crop.jpg --currency GBP --json"
)
def price(
    what: Annotated[list[str], typer.Argument(help="release_ids, images, folders or patterns.")],
    condition: Annotated[
        str, typer.Option(help="Of the record: M, NM, VG+, VG, G+, G, F or P, or in words.")
    ] = "VG+",
    currency: Currency = "",
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Tell what records are worth: low, median and high, and what that rests on."""
    from cratewatch.pricing.pricer import Asked
    from cratewatch.sources.grades import read_grade

    grade = read_grade(condition)
    if grade is None:
        raise CratewatchError(
            f"--condition: {condition!r} is no grade of Goldmine's: M, NM, VG+, VG, G+, G, F, P"
        )
    settings = load_settings(home)
    asked = Asked(grade, currency_of(currency, settings), datetime.now(UTC))
    failed = False
    with _opened(settings, asked, what) as told:
        for one in told:
            failed |= "error" in one
            _show_estimate(one, json_)
    if failed:
        sys.exit(1)


@contextlib.contextmanager
def _opened(settings: Settings, asked: Any, what: Sequence[str]) -> Iterator[Iterator[Any]]:
    """Open what is needed to price things; yield what prices them, in order."""
    from cratewatch.catalog.catalog import open_catalog
    from cratewatch.lake.opening import open_lake
    from cratewatch.pricing.model_file import load_prices
    from cratewatch.pricing.pricer import Pricer
    from cratewatch.pricing.rates import load_rates

    rates = load_rates(settings.rates_path)
    model = load_prices(open_lake(settings.lake))
    if all(map(_names_release, what)):
        with contextlib.closing(open_catalog(settings.catalog_url)) as catalog:
            pricer = Pricer(catalog, model, rates, asked, settings.sources)
            yield (_told(one, pricer, None) for one in what)
        return
    from cratewatch.retrieval.identification import open_identifier

    with open_identifier(settings) as identifier:
        pricer = Pricer(identifier.catalog, model, rates, asked, settings.sources)
        yield _all_told(what, pricer, identifier)


def _all_told(what: Sequence[str], pricer: Pricer, identifier: Any) -> Iterator[dict[str, Any]]:
    from cratewatch.commands.pictures import pictures
    from cratewatch.pricing.pricer import LOOKED_AT

    for one in what:
        if _names_release(one):
            yield _told(one, pricer, None)
            continue
        for picture in pictures([one]):
            (answer,) = identifier.identify([picture], LOOKED_AT)
            yield _told(picture[0], pricer, answer)


def _names_release(one: str) -> bool:
    """Whether something is no picture: it has a source before a colon, and no file is called so."""
    source, colon, _ = one.partition(":")
    return bool(colon) and "/" not in source and not Path(one).exists()


def _told(one: str, pricer: Pricer, answer: Answer | None) -> dict[str, Any]:
    """Return an estimate as it is printed, or why there is none."""
    try:
        return asdict(_estimate(one, pricer, answer))
    except CratewatchError as error:
        return {"query": one, "error": str(error)}


def _estimate(one: str, pricer: Pricer, answer: Answer | None) -> PriceEstimate:
    if answer is None:
        return pricer.release(storable(one))
    if answer.error is not None:
        raise CratewatchError(answer.error)
    near = [match.releases for match in answer.matches]
    return pricer.picture(one, near, known=bool(answer.known))


def _show_estimate(told: dict[str, Any], as_json: bool) -> None:
    """Print an estimate; for people an error goes to standard error."""
    if as_json:
        show(told, as_json)
        return
    if "error" in told:
        sys.stderr.write(storable(f"cratewatch: {told['error']}") + "\n")
        return
    named = f"  {told['title']}" if told["title"] else ""
    say(
        f"{told['query']}{named}: {told['median']} {told['currency']} in {told['condition']}, "
        f"from {told['low']} to {told['high']}"
    )
    say(f"  by {told['how']}")
    from cratewatch.pricing.history import PricePoint

    for point in told["comparables"]:
        say(f"  {_point(PricePoint(**point), told['currency'])}")


def _no_such_release(release_id: str, catalog: Catalog) -> str:
    near = ", ".join(catalog.browse.near(storable(release_id)))
    nearest = f"; near it is {near}" if near else ""
    return f"{release_id}: no such release{nearest}; `cratewatch releases WORDS` finds release_ids"


def currency_of(given: str, settings: Settings) -> str:
    """Return the currency that is asked for, or that of the settings."""
    return checked_currency(given) if given else settings.currency


def checked_currency(currency: str) -> str:
    """Return the code of a currency; raise CratewatchError for what is none."""
    from cratewatch.catalog.currencies import CURRENCIES

    code = currency.strip().upper()
    if code not in CURRENCIES:
        raise CratewatchError(f"--currency: {currency!r} is none of ISO 4217, such as EUR")
    return code
