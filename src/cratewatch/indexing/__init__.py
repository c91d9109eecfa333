"""From embeddings in the lake to a collection that serves: load, check, release, compare."""

from cratewatch.indexing.checking import Sample, check_collection, tune, warm
from cratewatch.indexing.comparing import Comparison, compare, refresh_facts
from cratewatch.indexing.health import gallery_health
from cratewatch.indexing.loading import Loader
from cratewatch.indexing.releasing import drop_left_overs, drop_old, roll_back
from cratewatch.indexing.stores import Stores

__all__ = [
    "Comparison",
    "Loader",
    "Sample",
    "Stores",
    "check_collection",
    "compare",
    "drop_left_overs",
    "drop_old",
    "gallery_health",
    "refresh_facts",
    "roll_back",
    "tune",
    "warm",
]
