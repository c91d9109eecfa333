"""The vector index in Milvus: collections, an alias for readers, search; only it has pymilvus."""

from cratewatch.gallery.bulk import import_file, read_import_file
from cratewatch.gallery.collections import METRIC, Described
from cratewatch.gallery.gallery import Gallery, Hit, open_gallery
from cratewatch.gallery.indexes import (
    IndexChoice,
    TunedIndex,
    choose_index,
    efforts,
    index_like,
)
from cratewatch.gallery.names import model_of
from cratewatch.gallery.rows import GalleryRow
from cratewatch.gallery.schema import as_stored

__all__ = [
    "METRIC",
    "Described",
    "Gallery",
    "GalleryRow",
    "Hit",
    "IndexChoice",
    "TunedIndex",
    "as_stored",
    "choose_index",
    "efforts",
    "import_file",
    "index_like",
    "model_of",
    "open_gallery",
    "read_import_file",
]
