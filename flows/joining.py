"""What a process does that finds another one at work on the same prices: it helps, then sees to it.

On another machine, too: the catalog on PostgreSQL lets both lease items, and keeps the pace.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.runs import prices_kind
from cratewatch.errors import CratewatchError
from cratewatch.settings import Settings
from flows.price_report import PriceReport
from flows.refreshing import crawl

BEGUN_WITHIN_S = 10.0
"""Two machines may be told to begin at the same minute."""
PLANNED_WITHIN_S = 300.0
LOOK_AGAIN_S = 1.0


def join(settings: Settings, catalog: Catalog, sources: Sequence[str]) -> list[PriceReport]:
    """Help another process to ask sources; return what was done for those that it asks."""
    found = (_join(settings, catalog, source) for source in sources)
    return [report for report in found if report is not None]


def still_open(catalog: Catalog, joined: Sequence[PriceReport]) -> list[str]:
    """Return the sources of which the run that was joined has not ended."""
    return [one.source for one in joined if _run_id(catalog, one.source) == one.run_id]


def _join(settings: Settings, catalog: Catalog, source: str) -> PriceReport | None:
    run_id = _await_items(catalog, source)
    if run_id is None:
        return None
    report = PriceReport(source, run_id, joined=True)
    try:
        return replace(report, crawl=crawl(settings, source, run_id, "prices", joins=True))
    except CratewatchError as error:
        return report.with_error(error)


def _await_items(catalog: Catalog, source: str) -> str | None:
    """Return the run that asks a source once its items are planned; None if there is none."""
    began = time.monotonic()
    while True:
        run = catalog.runs.open_one(prices_kind(source))
        waited_s = time.monotonic() - began
        if run is not None and catalog.leases and catalog.leases.left(run.run_id, "price"):
            return run.run_id
        if waited_s > (BEGUN_WITHIN_S if run is None else PLANNED_WITHIN_S):
            return None
        if run is not None and "crawl" in run.report:  # all is asked
            return run.run_id
        time.sleep(LOOK_AGAIN_S)


def _run_id(catalog: Catalog, source: str) -> str | None:
    run = catalog.runs.open_one(prices_kind(source))
    return run.run_id if run else None
