"""Vectors of covers and queries, and what an exact search among them finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from cratewatch.chunks import chunks
from cratewatch.evaluation.protocol.answers import (
    BATCH,
    Compare,
    Scores,
    Search,
    Vectors,
    answer,
    summarise,
)
from cratewatch.evaluation.protocol.queries import LabelledQuery

Embed = Callable[[Sequence[Image.Image]], Vectors]
"""Images to vectors (N, D) of unit length."""


@dataclass(frozen=True)
class ArtworkVectors:
    """What queries are searched in: vectors (N, D) of unit length and their artwork ids."""

    vectors: Vectors
    artworks: Sequence[str]


def embed_all(images: Iterable[Image.Image], embed: Embed) -> Vectors:
    """Embed BATCH images at a time; no more of them are in memory at once."""
    parts = [embed(part) for part in chunks(images, BATCH)]
    return np.concatenate(parts) if parts else embed([])


def by_cosine(vectors: Vectors, gallery: ArtworkVectors) -> Compare:
    """Compare queries' vectors, (Q, D) of unit length, with those of the gallery."""
    return lambda queries, covers: vectors[queries] @ gallery.vectors[covers].T


def score(queries: Sequence[LabelledQuery], gallery: ArtworkVectors, embed: Embed) -> Scores:
    """Search every query in the whole gallery, exactly.

    Raises:
        ValueError: if there is no query, or one of an artwork that the gallery lacks.
    """
    vectors = embed_all((query.image for query in queries), embed)
    everything = Search(np.arange(len(queries)), np.arange(len(gallery.artworks)))
    truths = [query.artwork for query in queries]
    return summarise(answer(everything, truths, gallery.artworks, by_cosine(vectors, gallery)))
