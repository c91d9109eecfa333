"""Collections as tests need them: there, indexed and loaded, whatever they hold."""

from __future__ import annotations

from cratewatch.gallery.gallery import Gallery
from cratewatch.gallery.indexes import FLAT
from cratewatch.gallery.names import model_of


def make_collection(gallery: Gallery, collection: str, dim: int) -> None:
    """Make a collection, which must be the next one of its model; if it is there, load it."""
    if collection not in gallery.collections.all():
        assert gallery.collections.begin(model_of(collection), dim) == collection
        gallery.indexes.build(collection, FLAT.choice)
    gallery.collections.check_fits(collection, dim)
    gallery.collections.load(collection)
