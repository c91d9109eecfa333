"""A model with all that identify does with a query, among covers in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.real_collection import held_out
from cratewatch.embedding.embedder import Embedder
from cratewatch.evaluation.protocol.answers import Compare, Numbers, Vectors
from cratewatch.evaluation.protocol.vectors import ArtworkVectors
from cratewatch.gallery.gallery import Hit
from cratewatch.retrieval.background import Background
from cratewatch.retrieval.config import SearchConfig
from cratewatch.retrieval.keypoints import find_keypoints
from cratewatch.retrieval.searcher import Searcher

BACKGROUND = 1000
UNLISTED = 10.0
"""Taken off the cosine of covers that were not looked at closely: they come after the others."""


def identify_way(
    covers: Any, gallery: ArtworkVectors, embedder: Embedder
) -> Callable[[Sequence[Image.Image]], Compare]:
    """Search as identify does by default, the background drawn from what is not held out."""
    unseen = held_out(covers.listed)
    others = [n for n, artwork in enumerate(covers.artworks) if artwork not in unseen]
    sample = np.random.default_rng(0).permutation(others)[:BACKGROUND]
    background = Background(gallery.vectors[sample]) if len(sample) else None
    keypoints: Any = KeypointsInMemory(covers)
    config = SearchConfig()

    def way(images: Sequence[Image.Image]) -> Compare:
        vectors = embedder.embed_queries(images)

        def compare(queries: Numbers, rows: Numbers) -> Vectors:
            memory: Any = Memory(gallery, rows)
            searcher = Searcher(embedder, memory, config, background, keypoints)
            scores = vectors[queries] @ gallery.vectors[rows].T - np.float32(UNLISTED)
            place = {row: n for n, row in enumerate(rows.tolist())}
            found = searcher.search([images[query] for query in queries], config.rerank)
            for at, hits in enumerate(found):
                for hit in hits:
                    scores[at, place[int(hit.cover_id)]] = hit.score
            return scores

        return compare

    return way


class Memory:
    """Searches some covers of a gallery exactly, as cratewatch.gallery.ArtworkVectors does."""

    def __init__(self, gallery: ArtworkVectors, rows: Numbers) -> None:
        self._vectors = gallery.vectors[rows]
        self._hits = [(str(row), gallery.artworks[row]) for row in rows]

    def search(self, queries: Vectors, k: int, **_: object) -> list[list[Hit]]:
        found = []
        for scores in queries @ self._vectors.T:
            near = np.argsort(-scores, kind="stable")[:k]
            found.append([Hit(*self._hits[int(n)], float(scores[n])) for n in near])
        return found


class KeypointsInMemory:
    """Keypoints of covers by their numbers, found once."""

    def __init__(self, covers: Any) -> None:
        self._covers = covers
        self._found: dict[str, Any] = {}

    def of(self, cover_id: str) -> Any:
        if cover_id not in self._found:
            self._found[cover_id] = find_keypoints(self._covers.image(int(cover_id)))
        return self._found[cover_id]
