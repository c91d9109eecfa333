"""Indexes the catalog for a model and lets readers use it once the check has passed."""

from __future__ import annotations

from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from cratewatch.catalog import open_catalog
from cratewatch.embedding import adopt_model, default_model, load_model, prepare_model
from cratewatch.gallery import open_gallery
from cratewatch.lake import Lake, open_lake
from cratewatch.settings import Settings, load_settings
from flows.progress import progress_bar
from workers.cluster import ray_cluster
from workers.embedding import ModelUse
from workers.indexing import IndexReport, index_covers


@flow(name="index-gallery")
def index_gallery(home: Path, model: str = "", *, rebuild: bool = False) -> IndexReport:
    """Bring the model's collection up to date and point the alias to it.

    Args:
        model: Name, or the path of a model folder, which is then copied into the lake; by
            default the one trained last, or else the one that ships in the package.
        rebuild: Embed every cover again and remove rows that the catalog does not know.

    Raises:
        NotFoundError: if there is no such model.
        CheckError: if the collection is not right; the alias stays where it was.
    """
    settings = load_settings(home=home)
    lake = open_lake(settings.lake)
    name = adopt_model(lake, model or default_model(lake))
    prepare_model(lake, name, settings.inference)
    with ray_cluster(settings.ray_address, settings.home / "ray"):
        return index(settings, lake, name, rebuild)


@task(cache_policy=NO_CACHE)
def index(settings: Settings, lake: Lake, model: str, rebuild: bool) -> IndexReport:
    """Embed, upsert, check, then move the alias."""
    dim = load_model(lake, model, settings.inference).config.dim
    catalog = open_catalog(settings.catalog_url)
    try:
        with (
            catalog.one_writer(),
            open_gallery(*settings.gallery) as gallery,
            progress_bar("index") as advance,
        ):
            if model not in gallery.models():
                catalog.embeddings.forget_indexed(model)
            gallery.create(model, dim)
            if rebuild:
                catalog.embeddings.forget(model)
                gallery.keep_only(model, {cover.cover_id for cover in catalog.covers()})
            report = index_covers(
                catalog,
                lake,
                gallery,
                ModelUse(model, settings.inference),
                lambda done, total: advance(done, total, ""),
            )
            gallery.point_alias(model)
            return report
    finally:
        catalog.close()
