"""What becomes of collections: dropped when they are old or half made, taken back to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cratewatch.errors import NotFoundError
from cratewatch.gallery.gallery import Gallery
from cratewatch.gallery.names import model_of
from cratewatch.indexing.comparing import Comparison, compare
from cratewatch.indexing.stores import Stores


def drop_left_overs(gallery: Gallery) -> list[str]:
    """Drop collections whose building was given up; for the holder of Catalog.one_rebuild."""
    serving = gallery.alias.serving()
    dropped = [
        name
        for name in gallery.collections.all()
        if name != serving and gallery.collections.describe(name).building
    ]
    for name in dropped:
        gallery.collections.drop(name)
    return dropped


def drop_old(gallery: Gallery, keep_days: float) -> list[str]:
    """Drop collections that the alias left longer ago than that; return them."""
    before = datetime.now(UTC) - timedelta(days=keep_days)
    dropped = []
    for name in gallery.collections.served_before():
        until = gallery.collections.describe(name).served_until
        if until is not None and until < before:
            gallery.collections.drop(name)
            dropped.append(name)
    return dropped


def roll_back(
    stores: Stores, on_progress: Callable[[int, int], None] = lambda _done, _all: None
) -> Comparison:
    """Let the collection serve that served before, then bring it up to date.

    The alias moves first: whoever goes back is in a hurry.

    Raises:
        NotFoundError: if none is kept.
    """
    gallery = stores.gallery
    before = gallery.collections.served_before()
    if not before:
        raise NotFoundError(
            f"gallery {gallery.uri}: no collection that served before is kept; "
            "`cratewatch index --model NAME` indexes for another model"
        )
    gallery.collections.load(before[0])
    stores.catalog.embeddings.forget_indexed(model_of(before[0]))
    gallery.alias.point_to(before[0])
    return compare(stores, before[0], mend=True, on_progress=on_progress)
