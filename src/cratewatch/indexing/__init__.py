"""From embeddings in the lake to a collection that serves: load, check, release, compare."""

from cratewatch.indexing.checking import Sample, check_collection, tune, warm
from cratewatch.indexing.comparing import Comparison, compare, refresh_facts
from cratewatch.indexing.health import gallery_health
from cratewatch.indexing.importing import Importer, importer_for
from cratewatch.indexing.loading import Loader
from cratewatch.indexing.releasing import drop_left_overs, drop_old, roll_back
from cratewatch.indexing.restoring import back_up, restore
from cratewatch.indexing.stores import Stores

__all__ = [
    "Comparison",
    "Importer",
    "Loader",
    "Sample",
    "Stores",
    "back_up",
    "check_collection",
    "compare",
    "drop_left_overs",
    "drop_old",
    "gallery_health",
    "importer_for",
    "refresh_facts",
    "restore",
    "roll_back",
    "tune",
    "warm",
]
