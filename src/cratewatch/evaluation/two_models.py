"""Asks two models the same queries of covers that neither was trained on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from cratewatch.catalog.records import Cover
from cratewatch.datasets.shards import Sample
from cratewatch.datasets.splits import seen_artworks
from cratewatch.embedding.embedder import Embedder
from cratewatch.embedding.saved_models import train_artworks
from cratewatch.evaluation.held_out import kept_vectors, unseen_queries
from cratewatch.evaluation.paired import PairedRecall, compare
from cratewatch.evaluation.protocol.answers import BATCH, Vectors
from cratewatch.evaluation.protocol.vectors import embed_all
from cratewatch.lake.lake import Lake


def compare_models(
    lake: Lake,
    before: Embedder,
    after: Embedder,
    covers: Sequence[Cover],
    samples: Iterable[Sample],
) -> PairedRecall:
    """Search queries, exactly, among all covers that both models have embedded.

    Args:
        covers: The catalog's.
        samples: Queries; those of artworks that one of the models was trained on are left out.

    Raises:
        CratewatchError: if none is left.
    """
    kept = [dict(kept_vectors(lake, model.name)) for model in (before, after)]
    gallery = [cover for cover in covers if all(cover.cover_id in vectors for vectors in kept)]
    artwork_of = {cover.cover_id: cover.artwork_id for cover in gallery}
    seen = train_artworks(lake, before.name) | train_artworks(lake, after.name)
    asked = unseen_queries(samples, artwork_of, seen_artworks(covers, seen))
    right = [
        _answered_rightly(model, asked, gallery, np.stack([vectors[c.cover_id] for c in gallery]))
        for model, vectors in zip((before, after), kept, strict=True)
    ]
    return compare(*right)


def _answered_rightly(
    model: Embedder, samples: Sequence[Sample], gallery: Sequence[Cover], vectors: Vectors
) -> npt.NDArray[np.bool_]:
    """Return (Q,), whether the cover nearest to each query shows its artwork.

    Args:
        vectors: (N, D) of unit length, of the covers.
    """
    artworks = np.array([cover.artwork_id for cover in gallery])
    artwork_of = {cover.cover_id: cover.artwork_id for cover in gallery}
    truths = np.array([artwork_of[sample.label["cover_id"]] for sample in samples])
    queries = embed_all((sample.image for sample in samples), model.embed_queries)
    nearest = np.concatenate([(part @ vectors.T).argmax(axis=1) for part in _parts(queries)])
    right: npt.NDArray[np.bool_] = artworks[nearest] == truths
    return right


def _parts(queries: Vectors) -> list[Vectors]:
    """Cut queries so that their scores for all covers fit into memory."""
    return [queries[start : start + BATCH] for start in range(0, len(queries), BATCH)]
