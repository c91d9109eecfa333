"""Prices that a run has seen become observations, unless the run is not to be believed."""

from __future__ import annotations

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.database import now
from cratewatch.catalog.records import ItemKind, Published
from cratewatch.catalog.staged_prices import Yield
from cratewatch.monitoring.yields import Bounds, check_yield, yields_of
from cratewatch.settings import Settings
from flows.steps import step

RUNS_OF_A_WEEK = 30
RunOfItems = tuple[str, str, ItemKind]
"""Id and kind of a run, and the kind of its items."""


@step()
def sum_up(catalog: Catalog, run_id: str) -> Yield:
    """Return what a run's prices come to, once it is over."""
    return catalog.staged_prices.sum_up(run_id)


@step()
def publish_prices(
    settings: Settings, catalog: Catalog, source: str, run: RunOfItems, came: Yield
) -> Published:
    """Publish a run's prices.

    Args:
        run: Whose prices they are.
        came: What its prices come to.

    Raises:
        YieldError: if they are not to be believed; none is published then.
    """
    run_id, kind, items = run
    before = yields_of(catalog.runs.latest(RUNS_OF_A_WEEK, kind), now())
    bounds = Bounds(settings.min_yield_share, settings.max_failed_share)
    check_yield(source, came, catalog.items.tally(run_id, items), before, bounds)
    return catalog.publish_prices(run_id)
