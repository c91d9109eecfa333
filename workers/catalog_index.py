"""Indexes the catalog for a model and lets readers use it once the check has passed."""

from __future__ import annotations

from contextlib import closing, suppress

from cratewatch.catalog.catalog import open_catalog
from cratewatch.embedding.loading import prepare_model
from cratewatch.embedding.saved_models import adopt_model, default_model, find_model
from cratewatch.errors import BusyError
from cratewatch.gallery.gallery import open_gallery
from cratewatch.gallery.names import model_of
from cratewatch.indexing.comparing import refresh_facts
from cratewatch.indexing.releasing import drop_old
from cratewatch.indexing.stores import Stores
from cratewatch.lake.opening import open_lake
from cratewatch.progress import Progress, unseen
from cratewatch.settings import Settings
from workers.cluster import ray_cluster
from workers.embedding import ModelUse
from workers.indexing import IndexReport, index_covers
from workers.rebuilding import Target, build_collection


def index_catalog(
    settings: Settings, model: str = "", *, rebuild: bool = False, on_progress: Progress = unseen
) -> IndexReport:
    """Bring the model's collection up to date, or build one, and point the alias to it.

    Args:
        model: Name, or the path of a model folder, which is then copied into the lake. By default
            the one that serves: a training never goes live by being the newest. Before the first
            index it is the one trained last, or else the one that ships in the package.
        rebuild: Build a fresh collection beside the one that serves, from the embeddings that
            the lake has. A model's first collection is always built so.

    Raises:
        NotFoundError: if there is no such model.
        CheckError: if the collection is not right; the alias stays where it was.
    """
    lake = open_lake(settings.lake)
    with (
        closing(open_catalog(settings.catalog_url)) as catalog,
        open_gallery(*settings.gallery) as gallery,
        ray_cluster(settings.ray_address, settings.home / "ray"),
    ):
        serving = gallery.alias.serving()
        by_default = default_model(lake) if serving is None else model_of(serving)
        name = adopt_model(lake, model or by_default)
        prepare_model(lake, name, settings.inference)
        stores = Stores(catalog, lake, gallery)
        report = _indexed(stores, settings, name, rebuild, on_progress)
        with suppress(BusyError), catalog.one_writer():  # whoever writes drops them
            drop_old(gallery, settings.gallery_keep_days)
        return report


def _indexed(
    stores: Stores, settings: Settings, model: str, rebuild: bool, on_progress: Progress
) -> IndexReport:
    dim = find_model(stores.lake, model).config().dim
    use = ModelUse(model, settings.inference)
    if rebuild or stores.gallery.collections.live(model) is None:
        target = Target(
            dim, settings.gallery_index, settings.gallery_recall, settings.gallery_imports
        )
        return build_collection(stores, use, target, on_progress)
    return update(stores, use, dim, on_progress)


def update(stores: Stores, model: ModelUse, dim: int, on_progress: Progress) -> IndexReport:
    """Load what is new into the model's collection, then let readers use it."""
    with stores.catalog.one_writer():
        collection = stores.gallery.collections.live(model.name)
        if collection is None:  # dropped while this waited: a fresh one holds nothing
            collection = model.name
            stores.catalog.embeddings.forget_indexed(collection)
        stores.gallery.collections.create(collection, dim)
        refresh_facts(stores, collection)
        report = index_covers(
            stores.catalog,
            stores.lake,
            stores.gallery,
            model,
            lambda done, total: on_progress(done, total, ""),
        )
        stores.gallery.alias.point_to(collection)
        return report
