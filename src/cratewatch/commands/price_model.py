"""The commands that train the price model, and measure how far it is off."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cratewatch.catalog.records import storable
from cratewatch.commands.options import MOST_SEED, AsJson, Home, load_settings, whole
from cratewatch.commands.output import show
from cratewatch.commands.prices import checked_currency, currency_of

if TYPE_CHECKING:
    from cratewatch.settings import Settings

SplitBy = Literal["release", "artist", "label"]

app = typer.Typer()


@app.command(
    "train-prices",
    epilog="Example: cratewatch train-prices --home shop; "
    "cratewatch train-prices --csv listings.csv --currency USD",
)
def train_prices_(
    csv_file: Annotated[
        Path | None,
        typer.Option("--csv", help="Listings with prices; without it, those of the catalog."),
    ] = None,
    kind: Annotated[
        Literal["asking", "sold"], typer.Option(help="What the prices of the file are.")
    ] = "asking",
    currency: Annotated[
        str,
        typer.Option(
            help="Of a file that says none, else what prices are told in. "
            "[default: `currency` of the settings]",
            show_default=False,
        ),
    ] = "",
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Train the model that prices what has too few prices of its own."""
    from cratewatch.catalog.catalog import open_catalog
    from cratewatch.lake.opening import open_lake
    from cratewatch.pricing.csv_listings import read_listings
    from cratewatch.pricing.from_catalog import listings_of
    from cratewatch.pricing.model import Facts
    from cratewatch.pricing.model_file import save_prices
    from cratewatch.pricing.rates import load_rates
    from cratewatch.pricing.training import train_prices

    settings = load_settings(home)
    usual = currency_of(currency, settings)
    if csv_file:
        listings, said = read_listings(csv_file, checked_currency(currency) if currency else "")
        if not said:
            note = f"{csv_file}: it says no currency; its prices are taken for {usual}"
            sys.stderr.write(storable(note) + "\n")
        code = said or usual
        facts = Facts("", kind, code, 0, 0, (csv_file.name,))
    else:
        code = usual
        rates = load_rates(settings.rates_path)
        with contextlib.closing(open_catalog(settings.catalog_url)) as catalog:
            forbidden = _forbidden(settings)
            listings, seen, sources = listings_of(catalog, code, rates, forbidden)
        facts = Facts("", seen, code, 0, 0, sources)
    model = train_prices(listings, facts)
    key = save_prices(open_lake(settings.lake), model)
    show(asdict(model.facts) | {"file": key}, json_)


@app.command(
    "evaluate-prices",
    epilog="Example: cratewatch evaluate-prices --csv listings.csv --json --home shop",
)
def evaluate_prices_(
    csv_file: Annotated[Path, typer.Option("--csv", help="Listings with prices.")],
    split: Annotated[SplitBy, typer.Option(help="What is never on both sides.")] = "release",
    seed: Annotated[int, whole(0, MOST_SEED, "Of the split.")] = 0,
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Measure how far the price model is off, on releases that it has not seen."""
    from cratewatch.pricing.csv_listings import read_listings
    from cratewatch.pricing.evaluating import Split, evaluate_prices
    from flows.progress import progress_bar

    load_settings(home, makes_home=True)
    listings, currency = read_listings(csv_file)
    with progress_bar("evaluate-prices") as advance:
        told = evaluate_prices(
            listings, currency, Split(split, seed), lambda done, of: advance(done, of, "")
        )
    show(asdict(told), json_)


def _forbidden(settings: Settings) -> set[str]:
    """Return the sources that models must not learn from."""
    return {name for name, source in settings.sources.items() if not source.is_for_training}
