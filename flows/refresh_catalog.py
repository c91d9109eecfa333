"""The nightly refresh: plan, crawl, diff, fetch covers, embed what changed, upsert, check."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.records import Diff
from cratewatch.catalog.runs import Run, refresh_kind
from cratewatch.errors import CheckError, CratewatchError, UnavailableError
from cratewatch.gallery.gallery import open_gallery
from cratewatch.gallery.names import model_of
from cratewatch.indexing.checking import check_collection
from cratewatch.indexing.comparing import refresh_facts
from cratewatch.indexing.releasing import drop_old
from cratewatch.indexing.stores import Stores
from cratewatch.lake.lake import COVERS
from cratewatch.lake.location import open_lake
from cratewatch.settings import Settings, load_settings
from flows.progress import progress_bar
from scrapers.launch import CrawlDiedError, CrawlJob, CrawlReport, Job, run_crawl
from workers.cluster import ray_cluster
from workers.embedding import ModelUse
from workers.indexing import IndexReport, index_covers, report_of, up_to_date


class RefreshError(CratewatchError):
    """A refresh did not do everything; carries the reports of all its sources."""

    def __init__(self, reports: list[dict[str, Any]]) -> None:
        super().__init__("; ".join(report["error"] for report in reports if report["error"]))
        self.reports = reports


@flow(name="refresh-catalog")
def refresh_catalog(
    home: Path, sources: list[str], *, only_failed: bool = False
) -> list[dict[str, Any]]:
    """Refresh the sources one after the other, then the gallery once.

    A source's run that was killed is gone on with: pages that it has read are not read again.

    Args:
        only_failed: Read only the pages that failed before, and withdraw nothing; sources whose
            listing failed are refreshed as a whole.

    Returns:
        A report for each source: diff, covers, failures by reason, and what was embedded.

    Raises:
        SettingsError: if a source is not configured.
        BusyError: if another process is writing.
        RefreshError: at the end, if something failed; the rest is done, and what was served
            before is served still.
    """
    settings = load_settings(home=home)
    for source in sources:
        settings.source(source)
    with (
        contextlib.closing(open_catalog(settings.catalog_url)) as catalog,
        catalog.one_writer(),
    ):
        reports = [refresh_source(settings, catalog, source, only_failed) for source in sources]
        indexed = _index_or_say_why_not(settings, catalog, reports)
        for report in reports:
            publish(settings, catalog, report, indexed)
    if any(report["error"] for report in reports):
        raise RefreshError(reports)
    return reports


def _index_or_say_why_not(
    settings: Settings, catalog: Catalog, reports: list[dict[str, Any]]
) -> IndexReport | None:
    try:
        return index_changes(settings, catalog)
    except CratewatchError as error:
        for report in reports:
            _add_error(report, error)
        return None


def _add_error(report: dict[str, Any], error: CratewatchError) -> None:
    report["error"] = "; ".join(filter(None, (report["error"], str(error))))


def refresh_source(
    settings: Settings, catalog: Catalog, source: str, only_failed: bool
) -> dict[str, Any]:
    """Crawl one source and bring catalog and covers up to date; a failure is in the report."""
    whole = not only_failed or bool(catalog.items.failed(source, "listing"))
    run = plan(catalog, refresh_kind(source) if whole else f"retry-{source}")
    report: dict[str, Any] = {"source": source, "run_id": run.run_id, "error": None} | run.report
    try:
        if "diff" not in report:
            listing = crawl(settings, source, run.run_id, "releases" if whole else "failed_pages")
            report["crawl"] = asdict(listing)
            catalog.runs.note(run.run_id, crawl=report["crawl"])
            complete = whole and listing.complete
            report["diff"] = asdict(diff(settings, catalog, source, run.run_id, complete))
        open_lake(settings.lake).tidy(COVERS)
        report["covers"] = asdict(crawl(settings, source, run.run_id, "covers"))
        if not report["crawl"]["complete"]:
            report["error"] = (
                f"{source}: not every listing page could be read "
                f"({_counts(report['crawl']['failed'])}), so nothing was withdrawn; "
                f"see {_log_path(settings, run.run_id)} and refresh again"
            )
        elif whole:
            catalog.items.forget_old(source, run.run_id)
    except CratewatchError as error:
        report["error"] = str(error)
    report["failed"] = catalog.items.failures_of_run(run.run_id)
    return report


@task(cache_policy=NO_CACHE)
def plan(catalog: Catalog, kind: str) -> Run:
    """Open a run, or take up the one that was killed."""
    return catalog.runs.resume(kind)


def _worth_a_retry(_task: object, _task_run: object, state: State[Any]) -> bool:
    """Whether a task may succeed if it is tried again soon; none of them does anything twice.

    Not so when the catalog was away: the lock that it held for this process is gone.
    """
    error = state.result(raise_on_failure=False)
    return isinstance(error, UnavailableError | CrawlDiedError)


RETRIES = 2
RETRY_AFTER_S = [1.0, 10.0]


@task(
    task_run_name="crawl-{job}-{source}",
    cache_policy=NO_CACHE,
    retries=RETRIES,
    retry_delay_seconds=RETRY_AFTER_S,
    retry_condition_fn=_worth_a_retry,
)
def crawl(settings: Settings, source: str, run_id: str, job: Job) -> CrawlReport:
    """Run one crawl as a process of its own."""
    crawl_job = CrawlJob(
        job=job,
        source_name=source,
        source=settings.source(source),
        run_id=run_id,
        catalog_url=settings.catalog_url,
        lake=settings.lake,
        contact=settings.contact,
        log_path=_log_path(settings, run_id),
    )
    with progress_bar(f"{source}: {job}") as advance:
        return run_crawl(
            crawl_job,
            lambda p: advance(p.done, p.planned, f"{p.failed} failed" if p.failed else ""),
        )


@task(cache_policy=NO_CACHE)
def diff(settings: Settings, catalog: Catalog, source: str, run_id: str, complete: bool) -> Diff:
    """Compare what was crawled with the catalog and apply the difference."""
    return catalog.apply_crawl(
        run_id, source, complete=complete, max_withdrawn_share=settings.max_withdrawn_share
    )


@task(
    cache_policy=NO_CACHE,
    retries=RETRIES,
    retry_delay_seconds=RETRY_AFTER_S,
    retry_condition_fn=_worth_a_retry,
)
def index_changes(settings: Settings, catalog: Catalog) -> IndexReport | None:
    """Embed and upsert new covers into the serving collection; None before the first model."""
    catalog.check_writer()
    with open_gallery(*settings.gallery) as gallery:
        collection = gallery.serving()
        if collection is None:
            _refuse_lost_gallery(settings, catalog)
            return None
        model = model_of(collection)
        lake = open_lake(settings.lake)
        gallery.load(collection)
        refresh_facts(Stores(catalog, lake, gallery), collection)
        if up_to_date(catalog, model):
            check_collection(gallery, collection, catalog.embeddings.count_indexed(model), {})
            catalog.embeddings.mark_indexed(model, [])  # known covers under new URLs
            drop_old(gallery, settings.gallery_keep_days)
            return report_of(gallery, collection)
        with (
            ray_cluster(settings.ray_address, settings.home / "ray"),
            progress_bar("embed") as advance,
        ):
            report = index_covers(
                catalog,
                lake,
                gallery,
                ModelUse(model, settings.inference),
                lambda done, total: advance(done, total, ""),
            )
        drop_old(gallery, settings.gallery_keep_days)
        return report


def _refuse_lost_gallery(settings: Settings, catalog: Catalog) -> None:
    models = catalog.embeddings.models()
    if models:
        raise CheckError(
            f"gallery {settings.gallery_uri}: nothing is served, yet covers were indexed for "
            f"{', '.join(models)}; check gallery_uri, or run `cratewatch index`"
        )


@task(cache_policy=NO_CACHE)
def publish(
    settings: Settings, catalog: Catalog, report: dict[str, Any], indexed: IndexReport | None
) -> None:
    """Keep the report in lake and catalog and show it as an artifact."""
    catalog.check_writer()  # or the run may be another process's by now
    report["index"] = asdict(indexed) if indexed else None
    text = json.dumps(report, indent=2, sort_keys=True)
    try:
        open_lake(settings.lake).write(f"reports/{report['run_id']}.json", text.encode())
    except CratewatchError as error:  # the catalog still gets it
        _add_error(report, error)
    catalog.runs.finish(report["run_id"], "failed" if report["error"] else "done", report)
    create_markdown_artifact(markdown=_as_markdown(report), key=f"refresh-{report['source']}")


def _as_markdown(report: dict[str, Any]) -> str:
    rows = {
        "error": report["error"] or "none",
        **report.get("diff", {}),
        "covers stored": report.get("covers", {}).get("items", 0),
        **{f"failed: {reason}": n for reason, n in report["failed"].items()},
        "not embedded": len(report["index"]["failed"]) if report["index"] else 0,
        "embedded": report["index"]["embedded"] if report["index"] else "nothing",
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    return f"# Refresh of {report['source']}\n\n| | |\n|---|---|\n{table}\n"


def _log_path(settings: Settings, run_id: str) -> Path:
    return settings.home / "logs" / f"{run_id}.log"


def _counts(failed: dict[str, int]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in failed.items()) or "no reason"
