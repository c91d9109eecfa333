"""The nightly refresh of prices as a flow of Prefect."""

from __future__ import annotations

from pathlib import Path

from prefect import flow

from cratewatch.settings import load_settings
from flows import refreshing_prices
from flows.price_report import PriceReport


@flow(name="refresh-prices")
def refresh_prices(home: Path, sources: list[str]) -> list[PriceReport]:
    """Refresh prices as refreshing_prices.refresh_prices() does, each of its steps a task."""
    return refreshing_prices.refresh_prices(load_settings(home=home), sources)
