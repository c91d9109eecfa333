"""Compares a collection with catalog and lake, shard by shard, and mends it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from cratewatch.chunks import chunks
from cratewatch.embedding.shards import EmbeddingShard
from cratewatch.errors import NotFoundError
from cratewatch.gallery.names import model_of
from cratewatch.indexing.facts import wrong_facts
from cratewatch.indexing.loading import Loader, pick, read_current
from cratewatch.indexing.stores import Stores
from cratewatch.progress import Progress, unseen

EXAMPLES = 3
IDS_AT_ONCE = 1000
VECTOR_TOLERANCE = 1e-4


@dataclass
class Finding:
    """Covers of which one thing is wrong: how many, and some of them."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, cover_ids: Sequence[str]) -> None:
        """Count covers, and keep the first few as examples."""
        self.count += len(cover_ids)
        self.examples += cover_ids[: EXAMPLES - len(self.examples)]


@dataclass
class Comparison:
    """What differs between a collection and what the catalog and the lake say.

    Attributes:
        compared: Covers whose embedding by the model lies in the lake.
        missing: Of these, those that the collection lacks.
        wrong_vector: Those whose embedding is not the lake's.
        wrong_facts: Those whose artwork or facts are not the catalog's.
        extra: Rows of covers that the model has not embedded, as far as the catalog knows.
        stale_model: Covers that the model has not embedded yet; others may have.
        lost_shards: Shards of embeddings that the lake lacks.
        mended: Whether the collection was brought in line, as far as the lake allows.
    """

    collection: str
    compared: int = 0
    missing: Finding = field(default_factory=Finding)
    wrong_vector: Finding = field(default_factory=Finding)
    wrong_facts: Finding = field(default_factory=Finding)
    extra: Finding = field(default_factory=Finding)
    stale_model: Finding = field(default_factory=Finding)
    lost_shards: Finding = field(default_factory=Finding)
    mended: bool = False

    def __str__(self) -> str:
        """Say what was found, with an example of each, in one line."""
        kinds = {name: finding for name, finding in vars(self).items() if _is_any(finding)}
        return ", ".join(
            f"{name.replace('_', ' ')} {finding.count} (such as {finding.examples[0]})"
            for name, finding in kinds.items()
        )

    @property
    def clean(self) -> bool:
        """Whether nothing was found that differs."""
        found = (self.missing, self.wrong_vector, self.wrong_facts, self.extra, self.lost_shards)
        return not any(finding.count for finding in (*found, self.stale_model))


def _is_any(value: object) -> bool:
    return isinstance(value, Finding) and value.count > 0


def compare(stores: Stores, collection: str, on_progress: Progress = unseen) -> Comparison:
    """Compare every row; memory holds one shard at a time.

    Args:
        on_progress: Is told shards.
    """
    found = Comparison(collection)
    for key in _each_shard(stores, collection, on_progress):
        _compare_shard(stores, key, found)
    for extra in _extra_rows(stores, collection):
        found.extra.add(extra)
    return _with_stale(stores, found)


def mend(stores: Stores, loader: Loader, on_progress: Progress = unseen) -> Comparison:
    """Compare every row, and load what is missing or wrong; what the lake lost is forgotten.

    Args:
        on_progress: Is told shards.
    """
    found = Comparison(loader.collection, mended=True)
    for key in _each_shard(stores, loader.collection, on_progress):
        shard, wrong = _compare_shard(stores, key, found)
        if shard is None:
            stores.catalog.embeddings.forget_shard(loader.model, key)
        else:
            loader.load(pick(shard, wrong))
            loader.shards.add(key)
    return _with_stale(stores, found)


def delete_extra(stores: Stores, found: Comparison) -> None:
    """Delete the rows of covers that the model has not embedded and is not to embed."""
    for extra in _extra_rows(stores, found.collection):
        found.extra.add(extra)
        stores.gallery.rows.delete(found.collection, extra)


def _each_shard(stores: Stores, collection: str, on_progress: Progress) -> Iterator[str]:
    keys = stores.catalog.embeddings.shards(model_of(collection))
    for done, key in enumerate(keys, start=1):
        yield key
        on_progress(done, len(keys), "shards compared")


def _extra_rows(stores: Stores, collection: str) -> Iterator[list[str]]:
    """Yield covers that have a row, which the book neither names nor has wait for embedding."""
    for batch in chunks(stores.gallery.rows.cover_ids(collection), IDS_AT_ONCE):
        standing = stores.catalog.embeddings.standing(model_of(collection), batch)
        yield [cover_id for cover_id in batch if cover_id not in standing]


def _with_stale(stores: Stores, found: Comparison) -> Comparison:
    """Note the covers that the model has not embedded."""
    book, model = stores.catalog.embeddings, model_of(found.collection)
    examples = [cover.cover_id for cover in islice(book.missing(model), EXAMPLES)]
    found.stale_model = Finding(book.counts(model).missing, examples)
    return found


def _compare_shard(
    stores: Stores, key: str, found: Comparison
) -> tuple[EmbeddingShard | None, list[str]]:
    """Note what is wrong with the rows of a shard's covers.

    Returns:
        The shard, None if the lake lost it; and the covers with which something is wrong.
    """
    try:
        shard = read_current(stores, model_of(found.collection), key)
    except NotFoundError:
        found.lost_shards.add([key])
        return None, []
    rows = list(stores.gallery.rows.read(found.collection, shard.cover_ids, embeddings=True))
    held = {row.cover_id: row.embedding for row in rows}
    missing = [cover_id for cover_id in shard.cover_ids if cover_id not in held]
    wrong = [
        cover_id
        for cover_id, embedding in zip(shard.cover_ids, shard.embeddings, strict=True)
        if (row := held.get(cover_id)) is not None
        and not np.allclose(row, embedding, rtol=0, atol=VECTOR_TOLERANCE)
    ]
    artworks = dict(zip(shard.cover_ids, shard.artwork_ids, strict=True))
    stale = wrong_facts(stores.catalog, rows, artworks)
    found.compared += len(shard.cover_ids)
    found.missing.add(missing)
    found.wrong_vector.add(wrong)
    found.wrong_facts.add(stale)
    return shard, list(dict.fromkeys([*missing, *wrong, *stale]))
