"""Indexes the catalog for a model and lets readers use it once the check has passed."""

from __future__ import annotations

from contextlib import closing, suppress
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from cratewatch.catalog.catalog import open_catalog
from cratewatch.embedding.loading import load_model, prepare_model
from cratewatch.embedding.saved_models import adopt_model, default_model
from cratewatch.errors import BusyError
from cratewatch.gallery.gallery import open_gallery
from cratewatch.indexing.comparing import refresh_facts
from cratewatch.indexing.releasing import drop_old
from cratewatch.indexing.stores import Stores
from cratewatch.lake.lake import Lake
from cratewatch.lake.location import open_lake
from cratewatch.settings import Settings, load_settings
from flows.progress import progress_bar
from workers.cluster import ray_cluster
from workers.embedding import ModelUse
from workers.indexing import IndexReport, index_covers
from workers.rebuilding import Progress, Target, build_collection


@flow(name="index-gallery")
def index_gallery(home: Path, model: str = "", *, rebuild: bool = False) -> IndexReport:
    """Bring the model's collection up to date, or build one, and point the alias to it.

    Args:
        model: Name, or the path of a model folder, which is then copied into the lake; by
            default the one trained last, or else the one that ships in the package.
        rebuild: Build a fresh collection beside the one that serves, from the embeddings that
            the lake has. A model's first collection is always built so.

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
    """Update or build, then drop what the alias left long ago."""
    dim = load_model(lake, model, settings.inference).config.dim
    use = ModelUse(model, settings.inference)
    with (
        closing(open_catalog(settings.catalog_url)) as catalog,
        open_gallery(*settings.gallery) as gallery,
        progress_bar("index") as advance,
    ):
        stores = Stores(catalog, lake, gallery)
        if rebuild or gallery.live(model) is None:
            target = Target(
                dim, settings.gallery_index, settings.gallery_recall, settings.gallery_imports
            )
            report = build_collection(stores, use, target, advance)
        else:
            report = update(stores, use, dim, advance)
        with suppress(BusyError), catalog.one_writer():  # whoever writes drops them
            drop_old(gallery, settings.gallery_keep_days)
        return report


def update(stores: Stores, model: ModelUse, dim: int, advance: Progress) -> IndexReport:
    """Load what is new into the model's collection, then let readers use it."""
    with stores.catalog.one_writer():
        collection = stores.gallery.live(model.name)
        if collection is None:  # dropped while this waited: a fresh one holds nothing
            collection = model.name
            stores.catalog.embeddings.forget_indexed(collection)
        stores.gallery.create(collection, dim)
        refresh_facts(stores, collection)
        report = index_covers(
            stores.catalog,
            stores.lake,
            stores.gallery,
            model,
            lambda done, total: advance(done, total, ""),
        )
        stores.gallery.point_alias(collection)
        return report
