"""The command that asks sources for prices."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from cratewatch.commands.options import AsJson, Home, load_settings
from cratewatch.commands.output import show
from cratewatch.commands.prefect import prefect

if TYPE_CHECKING:
    from cratewatch.settings import Settings
    from flows.price_report import PriceReport

app = typer.Typer()


@app.command("refresh-prices", epilog="Example: cratewatch refresh-prices ebay-sold --home shop")
def refresh_prices_(
    sources: Annotated[list[str], typer.Argument(help="Names of [sources.NAME] in the settings.")],
    home: Home = None,
    json_: AsJson = False,
) -> None:
    """Ask sources for prices: what was sold, what is asked, what is suggested."""
    from flows.refreshing_prices import PriceRefreshError

    settings = load_settings(home)
    for source in sources:
        settings.source_of_prices(source)
    try:
        reports = _refreshed(settings, sources)
    except PriceRefreshError as error:
        for report in error.reports:
            show(report.as_json(), json_)
        raise
    for report in reports:
        show(report.as_json(), json_)


def _refreshed(settings: Settings, sources: list[str]) -> list[PriceReport]:
    """Ask by a flow on the Prefect server that the environment names, or else without any."""
    if not os.environ.get("PREFECT_API_URL"):
        from flows import refreshing_prices

        return refreshing_prices.refresh_prices(settings, sources)
    with prefect(settings) as await_ready:
        from flows.refresh_prices import refresh_prices

        await_ready()
        return refresh_prices(settings.home, sources)
