"""Indexes the catalog for a model and lets readers use it once the check has passed."""

from __future__ import annotations

from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from cratewatch.catalog import open_catalog
from cratewatch.embedding import load_model, models
from cratewatch.errors import NotFoundError
from cratewatch.gallery import open_gallery
from cratewatch.lake import Lake, open_lake
from cratewatch.settings import Settings, load_settings
from flows.progress import progress_bar
from workers.cluster import ray_cluster
from workers.indexing import IndexReport, index_covers


@flow(name="index-gallery")
def index_gallery(home: Path, model: str = "", *, rebuild: bool = False) -> IndexReport:
    """Bring the model's collection up to date and point the alias to it.

    Args:
        model: Name in the lake; the one trained last by default.
        rebuild: Embed every cover again and remove rows that the catalog does not know.

    Raises:
        NotFoundError: if there is no such model.
        CheckError: if the collection is not right; the alias stays where it was.
    """
    settings = load_settings(home=home)
    lake = open_lake(settings.lake)
    trained = models(lake)
    if not model and not trained:
        raise NotFoundError(f"lake {lake.root}: no model to index with; run `cratewatch train`")
    with ray_cluster(settings.ray_address, settings.home / "ray"):
        return index(settings, lake, model or trained[-1], rebuild)


@task(cache_policy=NO_CACHE)
def index(settings: Settings, lake: Lake, model: str, rebuild: bool) -> IndexReport:
    """Embed, upsert, check, then move the alias."""
    dim = load_model(lake, model).config.dim
    catalog = open_catalog(settings.catalog_url)
    try:
        with (
            catalog.one_writer(),
            open_gallery(settings.gallery_uri, settings.gallery_token) as gallery,
            progress_bar("index") as advance,
        ):
            if model not in gallery.models():
                catalog.embeddings.forget_indexed(model)
            gallery.create(model, dim)
            if rebuild:
                catalog.embeddings.forget(model)
                gallery.keep_only(model, {cover.cover_id for cover in catalog.covers()})
            report = index_covers(
                catalog, lake, gallery, model, lambda done, total: advance(done, total, "")
            )
            gallery.point_alias(model)
            return report
    finally:
        catalog.close()
