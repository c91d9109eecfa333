"""Indexes the catalog for a model and lets readers use it once the check has passed."""

from __future__ import annotations

from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from cratewatch.indexing.agreement import IndexReport
from cratewatch.settings import Settings, load_settings
from flows.progress import progress_bar
from flows.retrying import AFTER_AN_OUTAGE
from workers.catalog_index import index_catalog


@flow(name="index-gallery")
def index_gallery(home: Path, model: str = "", *, rebuild: bool = False) -> IndexReport:
    """Bring a model's collection up to date, or build one; see workers.catalog_index."""
    return index(load_settings(home=home), model, rebuild)


@task(cache_policy=NO_CACHE, **AFTER_AN_OUTAGE)
def index(settings: Settings, model: str, rebuild: bool) -> IndexReport:
    """Embed, load, check and switch; what was embedded before stays embedded."""
    with progress_bar("index") as advance:
        return index_catalog(settings, model, rebuild=rebuild, on_progress=advance)
