"""Brings a model's collection up to date with the catalog: embed, upsert, check, record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from cratewatch.catalog import Catalog
from cratewatch.embedding import Embeddings
from cratewatch.errors import CheckError
from cratewatch.gallery import Gallery
from cratewatch.lake import Lake
from workers.embedding import embed_covers

CHECK_SAMPLE = 64
CHECK_SCORE = 0.999
CHECK_TOP = 5  # covers drawn alike may tie with each other
MAX_FAILED_SHARE = 0.01


@dataclass(frozen=True)
class IndexReport:
    """What was embedded; failed holds the reason of each cover that could not be."""

    model: str
    embedded: int
    rows: int
    failed: dict[str, str] = field(default_factory=dict)


def index_covers(
    catalog: Catalog,
    lake: Lake,
    gallery: Gallery,
    model: str,
    on_progress: Callable[[int, int], None],
) -> IndexReport:
    """Embed and upsert the covers that the model's collection does not hold yet.

    A cover is recorded as indexed only after its upsert is durable and checked, and upserts
    repeat safely, so that an interrupted call loses nothing.

    Args:
        on_progress: Called with covers done and covers to do.

    Raises:
        CheckError: if the collection does not hold what the catalog says it holds, or if more
            than MAX_FAILED_SHARE of the covers could not be embedded.
    """
    covers = catalog.covers_to_index(model)
    indexed = catalog.count_indexed(model)
    failed: dict[str, str] = {}
    embedded: list[str] = []
    sample: dict[str, Embeddings] = {}
    for batch in embed_covers(lake, model, covers) if covers else ():
        ids = [cover.cover_id for cover in batch.covers]
        gallery.upsert(model, ids, [cover.artwork_id for cover in batch.covers], batch.embeddings)
        embedded += ids
        failed |= batch.failed
        if len(sample) < CHECK_SAMPLE:
            sample |= dict(zip(ids, batch.embeddings, strict=True))
        on_progress(len(embedded) + len(failed), len(covers))
    if embedded:
        gallery.flush(model)
    if len(failed) > MAX_FAILED_SHARE * len(covers):
        cover_id, reason = next(iter(failed.items()))
        raise CheckError(
            f"gallery: {len(failed)} of {len(covers)} covers could not be embedded for {model}, "
            f"first {cover_id}: {reason}; mend the lake and run `cratewatch index`"
        )
    check_collection(gallery, model, indexed + len(embedded), sample)
    catalog.mark_indexed(model, embedded)
    return IndexReport(model, len(embedded), gallery.count(model), failed)


def check_collection(
    gallery: Gallery, model: str, expected: int, sample: dict[str, Embeddings]
) -> None:
    """Compare the row count with the expected one and find sample covers by themselves.

    Args:
        sample: Embeddings, each (dim,), of covers that were just upserted.

    Raises:
        CheckError: if rows are missing or too many, if there are none at all, or if a cover is
            not found by its own embedding with a score of about 1.
    """
    rows = gallery.count(model)
    if rows == 0:
        raise CheckError(
            f"gallery: the collection of {model} is empty; import or refresh covers first"
        )
    if rows != expected:
        raise CheckError(
            f"gallery: {rows} covers in the collection of {model}, the catalog records "
            f"{expected}; run `cratewatch index --rebuild`"
        )
    if not sample:
        return
    found = gallery.search(np.stack(list(sample.values())), CHECK_TOP, model=model)
    lost = [
        cover_id
        for cover_id, hits in zip(sample, found, strict=True)
        if not any(hit.cover_id == cover_id and hit.score >= CHECK_SCORE for hit in hits)
    ]
    if lost:
        raise CheckError(
            f"gallery: {len(lost)} of {len(sample)} covers just indexed for {model} are not "
            f"found by their own embedding, first {lost[0]}; run `cratewatch index --rebuild`"
        )
