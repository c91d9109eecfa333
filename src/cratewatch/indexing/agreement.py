"""How catalog, lake and gallery come to agree: one order of steps for whatever fills a collection.

    fill     the lake gets embeddings, then the catalog's book names them; the collection gets rows,
             with the catalog's facts
    tune     a new collection learns how hard its searches have to try
    check    its rows are counted, and covers must find themselves
    switch   the alias points to it
    record   the book says that the model's collection holds them

Each step makes true what the next one says, and only the last one lets later runs do less. So a
process may be killed between any two, and what it leaves is either not said yet, or true:

- An embedding in the lake that the book does not name is adopted by the next run, or written again
  under the same key.
- Rows that are not recorded are sent again; an upsert replaces.
- A new collection that was not switched to stays ``building``: nobody reads it, and the next build
  drops it.
- A collection that serves and is not recorded has passed its check; its rows are sent again.

The book speaks of the model's live collection, which may change with the switch. After a build that
is no harm, as a new collection holds all that the book names before the alias moves. Going back to
a collection that served before would make the book lie, so that it forgets first: see releasing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cratewatch.chunks import chunks
from cratewatch.gallery.names import model_of
from cratewatch.indexing.checking import check_collection
from cratewatch.indexing.embedding import (
    Embed,
    Embedded,
    drop_placeholders,
    embed_missing,
    lacks_too_many,
    refuse_broken,
)
from cratewatch.indexing.facts import refresh_facts
from cratewatch.indexing.loading import Loader
from cratewatch.indexing.stores import Stores
from cratewatch.progress import Progress, unseen

IDS_AT_ONCE = 1000


@dataclass(frozen=True)
class IndexReport:
    """What was embedded, and what the model's collection holds now.

    Attributes:
        failed: The reason of each cover that could not be embedded.
        recall_at_10: Against exact search, as it was when the collection was built.
    """

    model: str
    embedded: int
    rows: int
    failed: dict[str, str] = field(default_factory=dict)
    collection: str = ""
    recall_at_10: float | None = None


def agree(
    stores: Stores,
    loader: Loader,
    fill: Callable[[], Embedded | None],
    tune: Callable[[], None] = lambda: None,
    *,
    admit_strangers: bool = False,
) -> Embedded:
    """Fill a collection, tune it, check it, let it serve, and record it. For the one writer.

    Args:
        fill: Loads what is missing by the loader; returns what was embedded, or None if nothing
            was to be: then covers without an embedding do not matter.
        tune: Is called if rows were loaded.
        admit_strangers: Whether rows may be there that this catalog does not know.

    Raises:
        CheckError: if the collection does not hold what the catalog says it holds; or if too many
            covers could not be embedded: then it does not come to serve, but what an already live
            one got is recorded.
    """
    before, model = loader.acknowledged, loader.model
    made = fill()
    refresh_facts(stores, loader.collection)
    broken = made is not None and lacks_too_many(stores, model)
    if broken and not loader.shards:
        refuse_broken(stores, model, made or Embedded())
    stores.gallery.rows.flush(loader.collection)
    if loader.acknowledged != before:
        tune()
    _check(stores, loader, admit_strangers)
    stores.catalog.check_writer()
    if not broken:
        stores.gallery.alias.point_to(loader.collection)
    if stores.gallery.collections.live(model) == loader.collection:
        stores.catalog.embeddings.mark_indexed(model, loader.shards)
    if made is not None:
        refuse_broken(stores, model, made)
    return made or Embedded()


def fill_by_the_book(
    stores: Stores, loader: Loader, embed: Embed, on_progress: Progress
) -> Embedded:
    """Load what the book says is missing, and embed what has no embedding."""
    loader.load_pending()
    made = embed_missing(stores, loader.model, embed, on_progress, loader.load_shard)
    loader.load_pending()  # what a build beside this call has embedded meanwhile
    return made


def update(
    stores: Stores, collection: str, embed: Embed, on_progress: Progress = unseen
) -> IndexReport:
    """Bring a model's live collection up to date, and let it serve. For the one writer.

    Args:
        on_progress: Is told covers that were embedded.

    Raises:
        CheckError: see agree().
    """
    stores.gallery.collections.load(collection)
    drop_placeholders(stores, model_of(collection))
    loader = Loader(stores, collection)
    made = agree(stores, loader, lambda: fill_by_the_book(stores, loader, embed, on_progress))
    return report_of(stores, collection, made)


def report_of(stores: Stores, collection: str, made: Embedded) -> IndexReport:
    """Return what was embedded and what a collection holds."""
    return IndexReport(
        model_of(collection),
        made.covers,
        stores.gallery.rows.count(collection),
        made.failed,
        collection,
        stores.gallery.collections.describe(collection).index.recall_at_10,
    )


def _check(stores: Stores, loader: Loader, admit_strangers: bool) -> None:
    expected = stores.catalog.embeddings.counts(loader.model).embedded
    if stores.gallery.rows.count(loader.collection) > expected:
        expected += _others(stores, loader, admit_strangers)
    check_collection(stores.gallery, loader.collection, expected, loader.sample)


def _others(stores: Stores, loader: Loader, admit_strangers: bool) -> int:
    """Return how many rows may be there that the book does not name.

    Those of covers that wait to be embedded go on serving: the lake lost an embedding, not they.
    """
    count = 0
    for batch in chunks(stores.gallery.rows.cover_ids(loader.collection), IDS_AT_ONCE):
        standing = stores.catalog.embeddings.standing(loader.model, batch)
        count += sum(found == "waiting" for found in standing.values())
        count += admit_strangers * (len(batch) - len(standing))
    return count
