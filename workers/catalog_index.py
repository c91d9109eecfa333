"""Indexes the catalog for a model by Ray, and lets readers use it once the check has passed."""

from __future__ import annotations

from contextlib import closing

from cratewatch.catalog.catalog import open_catalog
from cratewatch.embedding.loading import prepare_model
from cratewatch.embedding.saved_models import adopt_model, default_model, find_model
from cratewatch.gallery.gallery import Gallery, open_gallery
from cratewatch.gallery.names import model_of
from cratewatch.indexing.agreement import IndexReport
from cratewatch.indexing.rebuilding import Target
from cratewatch.indexing.rebuilding import rebuild as rebuild_collection
from cratewatch.indexing.releasing import drop_old_unless_busy, update_or_build
from cratewatch.indexing.stores import Stores
from cratewatch.lake.lake import Lake
from cratewatch.lake.opening import open_lake
from cratewatch.progress import Progress, unseen
from cratewatch.settings import Settings
from workers.indexing import embed_by_ray


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
    embed = embed_by_ray(settings.ray_address, settings.home / "ray", lake, settings.inference)
    with (
        closing(open_catalog(settings.catalog_url)) as catalog,
        open_gallery(*settings.gallery, owner=catalog.catalog_id) as gallery,
    ):
        name = adopt_model(lake, model or _by_default(lake, gallery))
        prepare_model(lake, name, settings.inference)
        stores = Stores(catalog, lake, gallery)
        bring_about = rebuild_collection if rebuild else update_or_build
        report = bring_about(stores, name, _target(settings, lake, name), embed, on_progress)
        drop_old_unless_busy(stores, settings.gallery_keep_days)
        return report


def _by_default(lake: Lake, gallery: Gallery) -> str:
    serving = gallery.alias.serving()
    return default_model(lake) if serving is None else model_of(serving)


def _target(settings: Settings, lake: Lake, model: str) -> Target:
    dim = find_model(lake, model).config().dim
    return Target(dim, settings.gallery_index, settings.gallery_recall, settings.gallery_imports)
