"""Covers that a model has not embedded yet: embedded by whom a caller names, kept, recorded."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field

from cratewatch.catalog.records import Cover
from cratewatch.embedding.shards import done_shards, read_embeddings
from cratewatch.errors import CheckError, NotFoundError
from cratewatch.indexing.stores import Stores
from cratewatch.progress import Progress

MAX_FAILED_SHARE = 0.01


@dataclass(frozen=True)
class KeptShard:
    """The covers of a shard in the lake, and the reason of each cover that is not in it.

    Attributes:
        key: "" if none of them could be embedded.
    """

    key: str
    cover_ids: list[str]
    failed: dict[str, str]


Embed = Callable[[str, Iterator[Cover]], Generator[KeptShard, None, None]]
"""Takes a model and covers; embeds them, and yields each shard once it is whole in the lake."""


@dataclass
class Embedded:
    """What came of covers that were to be embedded.

    Attributes:
        failed: The reason of each that could not be.
    """

    covers: int = 0
    failed: dict[str, str] = field(default_factory=dict)

    def __add__(self, later: Embedded) -> Embedded:
        return Embedded(self.covers + later.covers, self.failed | later.failed)


def embed_missing(
    stores: Stores,
    model: str,
    embed: Embed,
    on_progress: Progress,
    on_shard: Callable[[str], object] = lambda _key: None,
) -> Embedded:
    """Embed what the model has not embedded yet; nothing is loaded.

    Args:
        embed: Is not called if nothing is missing.
        on_progress: Is told covers.
        on_shard: Called with the key of each shard once the catalog knows it.
    """
    adopt_left_over(stores, model)
    book, made = stores.catalog.embeddings, Embedded()
    total, done = book.counts(model).missing, 0
    if not total:
        return made
    with closing(embed(model, book.missing(model))) as shards:
        for kept in shards:
            stores.catalog.items.fail_covers(kept.failed)
            if kept.key:
                book.mark_embedded(model, kept.cover_ids, kept.key)
                on_shard(kept.key)
            made += Embedded(len(kept.cover_ids), kept.failed)
            done += len(kept.cover_ids) + len(kept.failed)
            on_progress(done, total, "covers embedded")
    return made


def adopt_left_over(stores: Stores, model: str) -> None:
    """Record shards that an earlier call was killed before it could record."""
    book = stores.catalog.embeddings
    if not book.counts(model).missing:
        return
    known = set(book.shards(model))
    for key in done_shards(stores.lake, model):
        if key not in known:
            with contextlib.suppress(NotFoundError):  # half of a shard is none
                book.adopt(model, read_embeddings(stores.lake, key).cover_ids, key)


def forget_lost(stores: Stores, model: str) -> None:
    """Have covers embedded again whose shard the lake has lost."""
    book = stores.catalog.embeddings
    for key in set(book.shards(model)) - set(done_shards(stores.lake, model)):
        book.forget_shard(model, key)


def drop_placeholders(stores: Stores, model: str) -> None:
    """Take what turned out as a placeholder out of the gallery, and forget that it was there."""
    found = stores.catalog.embeddings.placeholders(model)
    if not found:
        return
    live = stores.gallery.collections.live(model)
    if live is not None:
        stores.gallery.collections.load(live)
        stores.gallery.rows.delete(live, found)
        stores.gallery.rows.flush(live)
    stores.catalog.embeddings.forget(model, found)


def lacks_too_many(stores: Stores, model: str) -> bool:
    """Whether more than MAX_FAILED_SHARE of all covers have no embedding."""
    counts = stores.catalog.embeddings.counts(model)
    return counts.lacking > MAX_FAILED_SHARE * (counts.embedded + counts.lacking)


def refuse_broken(stores: Stores, model: str, made: Embedded) -> None:
    """Raise CheckError if too many covers have no embedding."""
    if not lacks_too_many(stores, model):
        return
    lacking = stores.catalog.embeddings.counts(model).lacking
    first = [f", first {cover_id}: {why}" for cover_id, why in made.failed.items()][:1]
    raise CheckError(
        f"gallery: {lacking} covers could not be embedded for {model}{''.join(first)}; look after "
        "the lake, refresh or import to fetch them again"
    )
