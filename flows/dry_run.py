"""A refresh that only tells: it crawls, and compares on a copy of what the catalog knows."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.changes import Change
from cratewatch.catalog.comparing import RefusedError
from cratewatch.catalog.records import Diff
from cratewatch.errors import SettingsError
from cratewatch.secret_url import SecretUrl
from cratewatch.settings import Settings
from cratewatch.sources.dumps.settings import DumpSource
from flows.progress import progress_bar
from scrapers.launch import CrawlJob, CrawlReport, run_crawl


@dataclass(frozen=True)
class DryRun:
    """What a refresh of a source would do.

    Attributes:
        refusal: Why it would be refused, or None.
        changes: Each difference and failure; to be read while the dry run is open.
    """

    source: str
    crawl: CrawlReport
    diff: Diff
    refusal: str | None
    log: Path
    changes: Iterator[Change]


@contextlib.contextmanager
def dry_run(settings: Settings, source: str) -> Iterator[DryRun]:
    """Crawl a source and compare; catalog, ledger, lake and gallery stay as they are.

    Raises:
        SettingsError: if the source is not configured, or comes from dumps.
        CratewatchError: if the source cannot be crawled at all.
    """
    if isinstance(settings.source_of_releases(source), DumpSource):
        raise SettingsError(
            f"source {source!r} comes from dumps: its refresh changes no release; run "
            "`cratewatch import-dump`"
        )
    with tempfile.TemporaryDirectory(prefix="cratewatch-dry-run-") as folder:
        url = SecretUrl(f"sqlite:///{folder}/catalog.db")
        with contextlib.closing(open_catalog(url)) as scratch:
            with contextlib.closing(open_catalog(settings.catalog_url)) as catalog:
                catalog.copy_source(source, scratch)
            yield _run(settings, source, scratch, url)


def _run(settings: Settings, source: str, scratch: Catalog, url: SecretUrl) -> DryRun:
    run_id = scratch.runs.start(f"dry-run-{source}")
    job = CrawlJob(
        job="releases",
        source_name=source,
        source=settings.source(source),
        run_id=run_id,
        catalog_url=url,
        lake=settings.lake,
        contact=settings.contact,
        log_path=settings.home / "logs" / f"{run_id}.log",
    )
    with progress_bar(f"{source}: releases") as advance:
        crawl = run_crawl(job, lambda p: advance(p.done, p.planned, ""))
    refusal = None
    try:
        diff = scratch.apply_crawl(
            run_id,
            source,
            complete=crawl.lists_all,
            max_withdrawn_share=settings.max_withdrawn_share,
            max_changed_share=settings.max_changed_share,
        )
    except RefusedError as error:
        diff, refusal = error.would, str(error)
    scratch.runs.finish(run_id, "done", {})
    return DryRun(source, crawl, diff, refusal, job.log_path, scratch.changes.of(run_id))
