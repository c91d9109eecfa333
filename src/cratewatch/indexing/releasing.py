"""The collection that serves: brought up to date or built, gone back from, verified; old ones."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from cratewatch.clocks import is_future
from cratewatch.errors import BusyError, CheckError, NotFoundError
from cratewatch.gallery.collections import Collections
from cratewatch.gallery.names import model_of
from cratewatch.indexing.agreement import IndexReport, agree, fill_by_the_book, update
from cratewatch.indexing.comparing import Comparison, compare, delete_extra, mend
from cratewatch.indexing.embedding import Embed, Embedded
from cratewatch.indexing.loading import Loader
from cratewatch.indexing.rebuilding import Target, rebuild
from cratewatch.indexing.stores import Stores
from cratewatch.progress import Progress, unseen


def update_or_build(
    stores: Stores, model: str, target: Target, embed: Embed, on_progress: Progress = unseen
) -> IndexReport:
    """Bring the model's collection up to date and let it serve; build one if it has none.

    Raises:
        BusyError: if another process writes, or builds a collection.
        CheckError: if the collection is not right, or its embeddings are of another kind; the
            alias stays where it was.
    """
    with stores.catalog.one_writer():
        collection = stores.gallery.collections.live(model)
        if collection is not None:
            stores.gallery.collections.check_fits(collection, target.dim)
            return update(stores, collection, embed, on_progress)
    return rebuild(stores, model, target, embed, on_progress)


def roll_back(stores: Stores, on_progress: Progress = unseen) -> Comparison:
    """Let the collection serve that served before, then bring it up to date.

    The alias moves first: whoever goes back is in a hurry. The book forgets before that what it
    said of the model's other collection. Covers that the model has not embedded are for the next
    index.

    Args:
        on_progress: Is told shards.

    Raises:
        BusyError: if another process writes.
        NotFoundError: if none is kept.
    """
    gallery = stores.gallery
    with stores.catalog.one_writer():
        before = gallery.collections.served_before()
        if not before:
            raise NotFoundError(
                f"gallery {gallery.uri}: no collection that served before is kept; "
                "`cratewatch index --model NAME` indexes for another model"
            )
        gallery.collections.load(before[0])
        stores.catalog.embeddings.forget_indexed(model_of(before[0]))
        gallery.alias.point_to(before[0])
        return _mended(stores, before[0], None, on_progress)


def verify(
    stores: Stores, repair_by: Embed | None = None, on_progress: Progress = unseen
) -> Comparison:
    """Compare the collection that serves with catalog and lake, row by row.

    Args:
        repair_by: Mend what is wrong, and have this embed what the lake does not hold.
        on_progress: Is told shards, then covers that were embedded.

    Raises:
        BusyError: if another process writes.
        NotFoundError: if nothing is indexed yet.
        CheckError: if something is wrong and is left so; what was found is in its message.
    """
    gallery = stores.gallery
    with stores.catalog.one_writer():
        collection = gallery.alias.require_serving()
        gallery.collections.load(collection)
        if repair_by is not None:
            return _mended(stores, collection, repair_by, on_progress)
        found = compare(stores, collection, on_progress)
    if not found.clean:
        raise CheckError(
            f"gallery: {collection} differs from catalog and lake: {found}; "
            "run `cratewatch index --verify --repair`"
        )
    return found


def _mended(
    stores: Stores, collection: str, embed: Embed | None, on_progress: Progress
) -> Comparison:
    """Fill a collection believing no record, then go the usual way; return what was found."""
    loader = Loader(stores, collection)
    found = Comparison(collection)

    def fill() -> Embedded | None:
        nonlocal found
        found = mend(stores, loader, on_progress)
        delete_extra(stores, found)
        return fill_by_the_book(stores, loader, embed, on_progress) if embed else None

    agree(stores, loader, fill)
    return found


def drop_old(collections: Collections, keep_days: float) -> list[str]:
    """Drop collections that the alias left longer ago than that; return them. For the one writer.

    The one left last goes last: it is what the book speaks of, if its model does not serve. Where
    a clock was wrong and the time is yet to come, the days count from now.
    """
    now = datetime.now(UTC)
    dropped = []
    for nth, name in reversed(list(enumerate(collections.served_before()))):
        until = collections.describe(name).served_until
        if until is None:
            continue
        if is_future(until):
            collections.date_back(name, now - nth * timedelta(microseconds=1))
        elif until < now - timedelta(days=keep_days):
            collections.drop(name)
            dropped.append(name)
    return dropped


def drop_old_unless_busy(stores: Stores, keep_days: float) -> None:
    """Drop what is old; leave that to the process that writes, if there is one."""
    with suppress(BusyError), stores.catalog.one_writer():
        drop_old(stores.gallery.collections, keep_days)
