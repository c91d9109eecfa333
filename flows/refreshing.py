"""A refresh: plan, crawl, diff, fetch covers, embed what changed, upsert, check, report."""

from __future__ import annotations

import contextlib
import json
import traceback
from dataclasses import asdict, replace
from datetime import timedelta
from itertools import islice
from pathlib import Path

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.database import now
from cratewatch.catalog.records import Diff
from cratewatch.catalog.runs import Run, refresh_kind
from cratewatch.errors import CheckError, CratewatchError
from cratewatch.folders import private_folder
from cratewatch.gallery.gallery import open_gallery
from cratewatch.indexing.agreement import IndexReport, update
from cratewatch.indexing.releasing import drop_old
from cratewatch.indexing.stores import Stores
from cratewatch.lake.lake import COVERS, REPORTS
from cratewatch.lake.opening import open_lake
from cratewatch.monitoring.yields import YieldError
from cratewatch.settings import Settings
from cratewatch.sources.dumps.settings import DumpSource
from flows.keeping import (
    forget_expired,
    forget_handlings,
    forget_old_items,
    forget_old_persons,
)
from flows.night_page import write_page
from flows.progress import progress_bar
from flows.pruning import prune_home
from flows.publishing import RunOfItems, publish_prices, sum_up
from flows.source_report import SourceReport
from flows.steps import in_a_flow, step
from scrapers.launch import CrawlJob, CrawlReport, Job, run_crawl
from workers.indexing import embed_by_ray

MAX_LISTED = 10_000  # changes in the report; the table of changes has all of a first night
MAX_SHOWN = 100  # of these on Prefect's page


class RefreshError(CratewatchError):
    """A refresh did not do everything; carries the reports of all its sources."""

    def __init__(self, reports: list[SourceReport]) -> None:
        super().__init__("; ".join(report.error for report in reports if report.error))
        self.reports = reports


def refresh(
    settings: Settings, sources: list[str], *, only_failed: bool = False
) -> list[SourceReport]:
    """Refresh the sources one after the other, then the gallery once.

    A source's run that was killed is gone on with: pages that it has read are not read again.

    Args:
        only_failed: Read only the pages that failed before, and withdraw nothing; sources whose
            listing failed are refreshed as a whole.

    Raises:
        SettingsError: if a source is not configured.
        BusyError: if another process is writing.
        RefreshError: at the end, if something failed; the rest is done, and what was served
            before is served still.
    """
    for source in sources:
        settings.source_of_releases(source)
    prune_home(settings)
    with (
        contextlib.closing(open_catalog(settings.catalog_url)) as catalog,
        catalog.one_writer(),
    ):
        kept_days = max(1.0, settings.logs_keep_days)  # a killed run is gone on with the next day
        catalog.changes.forget_before(now() - timedelta(days=kept_days))
        forget_expired(settings, catalog)
        forget_handlings(settings, catalog)
        forget_old_persons(settings, catalog)
        forget_old_items(settings, catalog)
        reports = [refresh_source(settings, catalog, source, only_failed) for source in sources]
        try:
            if any(report.changed_releases for report in reports):
                link_sources(catalog)
            indexed = index_changes(settings, catalog)
            reports = [replace(report, index=indexed) for report in reports]
        except CratewatchError as error:
            reports = [report.with_error(error) for report in reports]
        reports = [publish(settings, catalog, report) for report in reports]
    if any(report.error for report in reports):
        raise RefreshError(reports)
    return reports


def refresh_source(
    settings: Settings, catalog: Catalog, source: str, only_failed: bool
) -> SourceReport:
    """Crawl one source and bring catalog and covers up to date; a failure is in the report."""
    whole = not only_failed or bool(catalog.items.failed(source, "listing"))
    run = plan(catalog, refresh_kind(source) if whole else f"retry-{source}")
    report = SourceReport.of(source, run)
    try:
        if report.diff is None and not isinstance(settings.source(source), DumpSource):
            listing = crawl(settings, source, run.run_id, "releases" if whole else "failed_pages")
            report = replace(report, crawl=listing)
            catalog.runs.note(run.run_id, crawl=asdict(listing))
            lists_all = whole and listing.lists_all
            report = replace(report, diff=diff(settings, catalog, source, run.run_id, lists_all))
        report = _with_prices(settings, catalog, report, run)
        report = replace(report, covers=fetch_covers(settings, source, run.run_id, whole))
        if report.crawl and not report.crawl.complete:
            report = replace(
                report,
                error=_incomplete(settings, report, report.crawl),
                reason=", ".join(report.crawl.failed) or "incomplete",
            )
        elif whole:
            catalog.items.forget_old(source, run.run_id)
    except CratewatchError as error:
        report = report.with_error(error)
    except Exception as error:  # noqa: BLE001  one source must not cost the others their night
        said = _unforeseen(settings, report, error)
        report = replace(report, error=said, reason=f"a bug: {type(error).__name__}")
    return replace(report, failed=catalog.items.failures_of_run(run.run_id))


def _with_prices(
    settings: Settings, catalog: Catalog, report: SourceReport, run: Run
) -> SourceReport:
    """Publish the prices that came with the listing, if there are any."""
    came = report.yielded or sum_up(catalog, run.run_id)
    if not came.prices:
        return report
    report = replace(report, yielded=came)
    catalog.runs.note(run.run_id, yielded=asdict(came))
    this: RunOfItems = (run.run_id, refresh_kind(report.source), "page")
    try:
        published = publish_prices(settings, catalog, report.source, this, came)
    except YieldError as error:  # the releases are well, and so are their covers
        return report.with_error(error)
    return replace(report, published=published)


def fetch_covers(settings: Settings, source: str, run_id: str, recheck: bool) -> CrawlReport:
    """Fetch the covers of a source that are missing; see crawl()."""
    open_lake(settings.lake).tidy(COVERS)
    return crawl(settings, source, run_id, "covers", recheck)


def _incomplete(settings: Settings, report: SourceReport, listing: CrawlReport) -> str:
    reasons = ", ".join(f"{reason} {count}" for reason, count in listing.failed.items())
    return (
        f"{report.source}: not every listing page could be read ({reasons or 'no reason'}), so "
        f"nothing was withdrawn; see {_log_path(settings, report.run_id)} and refresh again"
    )


def _unforeseen(settings: Settings, report: SourceReport, error: Exception) -> str:
    """Keep the traceback of what nobody foresaw in the run's log, and say where it is."""
    log = _log_path(settings, report.run_id)
    private_folder(log.parent)
    with log.open("a") as file:
        traceback.print_exception(error, file=file)
    said = str(error).partition("\n")[0][:200]
    return (
        f"{report.source}: {type(error).__name__}: {said}; this is a bug, whose traceback stands "
        f"in {log}; what the source had before is kept"
    )


@step()
def plan(catalog: Catalog, kind: str) -> Run:
    """Open a run, or take up the one that was killed."""
    return catalog.runs.resume(kind)


@step(name="crawl-{job}-{source}", again=True)
def crawl(  # noqa: PLR0913, PLR0917  what varies of a CrawlJob
    settings: Settings,
    source: str,
    run_id: str,
    job: Job,
    recheck: bool = False,
    joins: bool = False,
) -> CrawlReport:
    """Run one crawl as a process of its own; with recheck it asks for some stored images, too.

    Args:
        joins: Whether it helps with what another process has planned in the run.
    """
    crawl_job = CrawlJob(
        job=job,
        source_name=source,
        source=settings.source(source),
        run_id=run_id,
        catalog_url=settings.catalog_url,
        lake=settings.lake,
        contact=settings.contact,
        log_path=_log_path(settings, run_id),
        recheck_share=settings.source(source).recheck_share if recheck else 0.0,
        max_changed_share=settings.max_changed_share,
        joins=joins,
    )
    with progress_bar(f"{source}: {job}") as advance:
        return run_crawl(
            crawl_job,
            lambda p: advance(p.done, p.planned, f"{p.failed} failed" if p.failed else ""),
        )


@step()
def diff(settings: Settings, catalog: Catalog, source: str, run_id: str, complete: bool) -> Diff:
    """Compare what was crawled with the catalog and apply the difference."""
    return catalog.apply_crawl(
        run_id,
        source,
        complete=complete,
        max_withdrawn_share=settings.max_withdrawn_share,
        max_changed_share=settings.max_changed_share,
    )


@step(again=True)
def index_changes(settings: Settings, catalog: Catalog) -> IndexReport | None:
    """Embed and upsert new covers into the serving collection; None before the first model."""
    catalog.check_writer()
    with open_gallery(*settings.gallery, owner=catalog.catalog_id) as gallery:
        collection = gallery.alias.serving()
        if collection is None:
            _refuse_lost_gallery(settings, catalog)
            return None
        lake = open_lake(settings.lake)
        embed = embed_by_ray(settings.ray_address, settings.home / "ray", lake, settings.inference)
        with progress_bar("embed") as advance:
            report = update(Stores(catalog, lake, gallery), collection, embed, advance)
        drop_old(gallery.collections, settings.gallery_keep_days)
        return report


def _refuse_lost_gallery(settings: Settings, catalog: Catalog) -> None:
    models = catalog.embeddings.models()
    if models:
        raise CheckError(
            f"gallery {settings.gallery_uri}: nothing is served, yet covers were indexed for "
            f"{', '.join(models)}; check gallery_uri, or run `cratewatch index`"
        )


@step()
def link_sources(catalog: Catalog) -> None:
    """Find out which releases of several sources are one pressing."""
    catalog.check_writer()
    catalog.links.find()


@step()
def publish(settings: Settings, catalog: Catalog, report: SourceReport) -> SourceReport:
    """Keep the report in lake and catalog, and show it on Prefect's page."""
    catalog.check_writer()  # or the run may be another process's by now
    catalog.changes.keep_failures(report.run_id)
    listed = list(islice(catalog.changes.of(report.run_id), MAX_LISTED + 1))
    text = json.dumps(report.with_changes(listed, MAX_LISTED), indent=2, sort_keys=True)
    try:
        open_lake(settings.lake).write(f"{REPORTS}/{report.run_id}.json", text.encode())
        write_page(settings, catalog, report)
    except CratewatchError as error:  # the catalog still gets it
        report = report.with_error(error)
    state = "failed" if report.error else "done"
    catalog.runs.finish(report.run_id, state, report.as_json())
    if in_a_flow():
        from flows.artifacts import show_table

        lines = [str(change) for change in listed[:MAX_SHOWN]]
        show_table(f"refresh-{report.source}", f"Refresh of {report.source}", report.rows(), lines)
    return report


def _log_path(settings: Settings, run_id: str) -> Path:
    return settings.home / "logs" / f"{run_id}.log"
