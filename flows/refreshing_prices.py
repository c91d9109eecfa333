"""A refresh of prices: plan, ask, sum up, publish unless it is not believed, report."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, replace

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.runs import prices_kind
from cratewatch.errors import BusyError, CratewatchError
from cratewatch.lake.lake import REPORTS
from cratewatch.lake.opening import open_lake
from cratewatch.settings import Settings
from flows.joining import LOOK_AGAIN_S, join, still_open
from flows.keeping import (
    forget_expired,
    forget_handlings,
    forget_old_items,
    forget_old_persons,
)
from flows.night_page import write_page
from flows.price_report import PriceReport
from flows.pruning import prune_home
from flows.publishing import publish_prices, sum_up
from flows.refreshing import crawl, plan
from flows.steps import in_a_flow, step
from scrapers.launch import CrawlReport


class PriceRefreshError(CratewatchError):
    """A refresh of prices did not do everything; carries the reports of all its sources."""

    def __init__(self, reports: list[PriceReport]) -> None:
        super().__init__("; ".join(report.error for report in reports if report.error))
        self.reports = reports


def refresh_prices(settings: Settings, sources: list[str]) -> list[PriceReport]:
    """Ask the sources for prices one after the other, and publish what is believed.

    A source's run that was killed is gone on with: what it has asked is not asked again. One that
    another process is at is joined, where the catalog is shared.

    Raises:
        SettingsError: if a source is not configured, or has no prices of its own.
        BusyError: if another process is writing that cannot be helped with any of the sources.
        PriceRefreshError: at the end, if something failed or was refused; the rest is done.
    """
    for source in sources:
        settings.source_of_prices(source)
    prune_home(settings)
    with contextlib.closing(open_catalog(settings.catalog_url)) as catalog:
        try:
            with catalog.one_writer():
                reports = _refresh_all(settings, catalog, sources)
        except BusyError:
            joined = join(settings, catalog, sources) if catalog.leases else []
            if not joined:
                raise
            reports = _see_through(settings, catalog, joined)
    if any(report.error for report in reports):
        raise PriceRefreshError(reports)
    return reports


def _refresh_all(settings: Settings, catalog: Catalog, sources: Sequence[str]) -> list[PriceReport]:
    forget_expired(settings, catalog)
    forget_handlings(settings, catalog)
    forget_old_persons(settings, catalog)
    forget_old_items(settings, catalog)
    return [
        report_prices(settings, catalog, refresh_source_prices(settings, catalog, source))
        for source in sources
    ]


def _see_through(
    settings: Settings, catalog: Catalog, joined: list[PriceReport]
) -> list[PriceReport]:
    """Wait until the runs that were joined have ended; end them if their process died."""
    helped = [report for report in joined if report.error is None]
    while still_open(catalog, helped):
        with contextlib.suppress(BusyError), catalog.one_writer():
            left = still_open(catalog, helped)
            ended = _refresh_all(settings, catalog, left)
            return [one for one in joined if one.source not in left] + ended
        time.sleep(LOOK_AGAIN_S)
    return joined


def refresh_source_prices(settings: Settings, catalog: Catalog, source: str) -> PriceReport:
    """Ask one source and publish what it said; a failure is in the report."""
    kind = prices_kind(source)
    run = plan(catalog, kind)
    report = PriceReport.of(source, run)
    try:
        came = report.yielded
        if came is None:
            asked = crawl(settings, source, run.run_id, "prices")
            came = sum_up(catalog, run.run_id)
            report = replace(report, crawl=asked, yielded=came)
            catalog.runs.note(run.run_id, crawl=asdict(asked), yielded=asdict(came))
        published = publish_prices(settings, catalog, source, (run.run_id, kind, "price"), came)
        report = replace(report, published=published)
        if report.crawl and not report.crawl.complete:
            report = _incomplete(report, report.crawl)
        else:
            catalog.items.forget_prices(source, run.run_id)
    except CratewatchError as error:
        report = report.with_error(error)
    return replace(report, failed=catalog.items.failures_of_run(run.run_id))


def _incomplete(report: PriceReport, asked: CrawlReport) -> PriceReport:
    reasons = ", ".join(f"{reason} {count}" for reason, count in asked.failed.items())
    said = (
        f"{report.source}: not everything could be asked ({reasons or 'no reason'}); what came is "
        "published, refresh its prices again"
    )
    return replace(report, error=said, reason=", ".join(asked.failed) or "incomplete")


@step()
def report_prices(settings: Settings, catalog: Catalog, report: PriceReport) -> PriceReport:
    """Keep the report in lake and catalog, and show it on Prefect's page."""
    catalog.check_writer()  # or the run may be another process's by now
    catalog.changes.keep_failures(report.run_id)
    text = json.dumps(report.as_json(), indent=2, sort_keys=True)
    try:
        open_lake(settings.lake).write(f"{REPORTS}/{report.run_id}.json", text.encode())
        write_page(settings, catalog, report)
    except CratewatchError as error:  # the catalog still gets it
        report = report.with_error(error)
    catalog.runs.finish(report.run_id, "failed" if report.error else "done", report.as_json())
    if in_a_flow():
        from flows.artifacts import show_table

        title = f"Prices of {report.source}"
        show_table(f"prices-{report.source}", title, report.rows())
    return report
