"""The page of a source's run, beside its report in the lake."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import islice

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.database import now
from cratewatch.lake.lake import REPORTS
from cratewatch.lake.opening import open_lake
from cratewatch.pricing.movements import movements
from cratewatch.reports.night.page import Night, night_page
from cratewatch.settings import Settings
from flows.price_report import PriceReport
from flows.source_report import SourceReport
from scrapers.launch import CrawlReport

MOST_READ = 2000  # failures among which samples of each reason are looked for
DAY = timedelta(days=1)


def write_page(settings: Settings, catalog: Catalog, report: SourceReport | PriceReport) -> None:
    """Write what became of a source as one page.

    Raises:
        CratewatchError: if the lake cannot be written.
    """
    failures = (c for c in catalog.changes.of(report.run_id) if c.kind == "failed")
    prices = isinstance(report, PriceReport)
    night = Night(
        title=f"{'Prices' if prices else 'Refresh'} of {report.source}",
        run_id=report.run_id,
        told={k: v for k, v in report.rows().items() if not k.startswith("failed: ")},
        failed=report.failed,
        hosts=_hosts(report.crawl, getattr(report, "covers", None)),
        failures=list(islice(failures, MOST_READ)),
        movements=movements(catalog.observations, report.source, now() - DAY),
    )
    key = f"{REPORTS}/{report.run_id}.html"
    open_lake(settings.lake).write(key, night_page(night).encode(errors="replace"))


def _hosts(*crawls: CrawlReport | None) -> dict[str, Mapping[str, float]]:
    """Return what was asked of hosts by several crawls together."""
    both: dict[str, Mapping[str, float]] = {}
    for host, took in ((h, t) for crawl in crawls if crawl for h, t in crawl.hosts.items()):
        known = both.get(host, {"requests": 0, "mean_s": 0.0, "slowest_s": 0.0})
        n = known["requests"] + took["requests"]
        total = known["requests"] * known["mean_s"] + took["requests"] * took["mean_s"]
        slowest = max(known["slowest_s"], took["slowest_s"])
        both[host] = {"requests": n, "mean_s": total / n, "slowest_s": slowest}
    return both
