"""An import of dumps: read them, fetch the covers that are missing, embed, check, report."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.records import Diff
from cratewatch.catalog.runs import refresh_kind
from cratewatch.errors import CratewatchError, SettingsError
from cratewatch.settings import Settings
from cratewatch.sources.dumps.importing import import_dump
from cratewatch.sources.dumps.reports import DumpReport
from cratewatch.sources.dumps.settings import DumpSource
from flows.progress import progress_bar
from flows.pruning import prune_home
from flows.refreshing import RefreshError, fetch_covers, index_changes, link_sources, plan, publish
from flows.source_report import SourceReport
from flows.steps import step


def import_dumps(
    settings: Settings, source: str, files: Sequence[Path], *, covers: bool = True
) -> SourceReport:
    """Bring a source up to date with a month's dump, then its covers and the gallery.

    What an import that was killed had written is not written again.

    Args:
        covers: Whether covers that are missing are fetched now; else a refresh fetches them.

    Raises:
        SettingsError: if the source is not configured, or does not come from dumps.
        BusyError: if another process is writing.
        RefreshError: at the end, if something failed; the rest is done.
    """
    dump_source(settings, source)
    prune_home(settings)
    with (
        contextlib.closing(open_catalog(settings.catalog_url)) as catalog,
        catalog.one_writer(),
    ):
        report = _imported(settings, catalog, source, files, covers)
        report = publish(settings, catalog, report)
    if report.error:
        raise RefreshError([report])
    return report


def dump_source(settings: Settings, name: str) -> DumpSource:
    """Return a source's settings.

    Raises:
        SettingsError: if it does not come from dumps.
    """
    source = settings.source(name)
    if isinstance(source, DumpSource):
        return source
    raise SettingsError(
        f"source {name!r} is crawled (spider = {source.spider!r}); give one with "
        'spider = "dump", or run `cratewatch refresh`'
    )


def _imported(
    settings: Settings, catalog: Catalog, source: str, files: Sequence[Path], covers: bool
) -> SourceReport:
    run = plan(catalog, refresh_kind(source))
    report = SourceReport.of(source, run)
    try:
        diff, dump = read_dumps(settings, catalog, source, files, run.run_id)
        report = replace(report, diff=diff, dump=dump)
        catalog.runs.note(run.run_id, dump=asdict(dump))
        if report.changed_releases:
            link_sources(catalog)
        if covers and catalog.covers.to_fetch(source):
            report = replace(report, covers=fetch_covers(settings, source, run.run_id, True))
        report = replace(report, index=index_changes(settings, catalog))
        if dump.error:
            report = replace(report, error=dump.error, reason="a dump is cut off")
        else:
            catalog.items.forget_old(source, run.run_id)
    except CratewatchError as error:
        report = report.with_error(error)
    return replace(report, failed=catalog.items.failures_of_run(run.run_id))


@step(name="read-dump-{source}")
def read_dumps(
    settings: Settings, catalog: Catalog, source: str, files: Sequence[Path], run_id: str
) -> tuple[Diff, DumpReport]:
    """Write what the dumps say of the releases that the source wants."""
    with progress_bar(f"{source}: MB of dumps") as advance:
        return import_dump(
            files,
            source,
            dump_source(settings, source),
            catalog,
            run_id,
            max_withdrawn_share=settings.max_withdrawn_share,
            on_progress=advance,
        )
