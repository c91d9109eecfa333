"""What catalog, lake and gallery hold, for the status command."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.runs import refresh_kind
from cratewatch.datasets.runs import runs
from cratewatch.embedding.saved_models import models
from cratewatch.errors import CratewatchError
from cratewatch.gallery.gallery import open_gallery
from cratewatch.lake.opening import open_lake
from cratewatch.monitoring.gallery import gallery_health
from cratewatch.settings import Settings


def collect_status(settings: Settings) -> dict[str, Any]:
    """Return JSON-ready counts, item states, failures by reason, models, and the last runs."""
    lake = open_lake(settings.lake)
    catalog = open_catalog(settings.catalog_url)
    try:
        report: dict[str, Any] = {
            "home": str(settings.home),
            "catalog": catalog.counts(),
            "items": catalog.items.states(),
            "failures": catalog.items.failures(),
            "queries": runs(lake),
            "models": models(lake),
            "sources": {name: source_status(catalog, name) for name in settings.sources},
            "last_runs": [_run(run) for run in catalog.runs.latest()],
            "last_success": catalog.runs.last_successes(),
        }
        owner = catalog.catalog_id
    finally:
        catalog.close()
    report["gallery"] = _gallery_status(settings, owner)
    return report


def source_status(catalog: Catalog, name: str) -> dict[str, Any]:
    """Return how the latest run that read a source as a whole ended, and when one ended well."""
    kind = refresh_kind(name)
    good = catalog.runs.last_success(kind)
    source: dict[str, Any] = {
        "state": "never ran",
        "last_success": None if good is None else good.isoformat(),
    }
    for run in catalog.runs.latest(1, kind):
        report = run["report"] or {}
        error = str(report.get("error") or "").partition("\n")[0]
        source |= {name: run[name] for name in ("state", "run_id", "started_at")}
        source["error"] = error or None
    return source


def _run(run: dict[str, Any]) -> dict[str, Any]:
    shown = {name: run[name] for name in ("run_id", "state", "started_at")}
    return shown | {"noted": _noted(run["report"] or {})}


def _noted(report: dict[str, Any]) -> dict[str, int]:
    """Return what a refresh noted of pages and images without counting it as failed."""
    crawls = [report.get(name) or {} for name in ("crawl", "covers")]
    return {word: count for crawl in crawls for word, count in crawl.get("noted", {}).items()}


def collect_failures(settings: Settings, examples: int) -> dict[str, Any]:
    """Return the failed items by reason, JSON-ready: how many, and some of them."""
    with closing(open_catalog(settings.catalog_url)) as catalog:
        counts = catalog.items.failures()
        listed = catalog.items.failure_examples(examples)
    return {reason: {"count": counts[reason], "examples": listed[reason]} for reason in counts}


def sources_to_retry(settings: Settings) -> list[str]:
    """Return the configured sources with undone items; imports are made by hand."""
    with closing(open_catalog(settings.catalog_url)) as catalog:
        undone = catalog.items.sources_to_retry()
    configured = settings.sources
    return [name for name in undone if name in configured and configured[name].lists_releases]


def whose_listing_failed(settings: Settings, sources: Sequence[str]) -> list[str]:
    """Return those of the sources of which nobody knows what failed: all of it is tried again."""
    with closing(open_catalog(settings.catalog_url)) as catalog:
        return [source for source in sources if catalog.items.failed(source, "listing")]


def _gallery_status(settings: Settings, owner: str) -> dict[str, Any]:
    try:
        with open_gallery(*settings.gallery, owner=owner) as gallery:
            return gallery_health(gallery)
    except CratewatchError as error:  # a refresh may hold it right now
        return {"error": str(error)}
