"""From query images to ranked covers: views, one search in a batch, re-ranking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image

from cratewatch.embedding import Embedder, Embeddings
from cratewatch.gallery import Gallery, Hit
from cratewatch.retrieval.background import Background, Offsets
from cratewatch.retrieval.config import SearchConfig
from cratewatch.retrieval.cover_keypoints import CoverKeypoints
from cratewatch.retrieval.ranking import OVERSAMPLING, rank
from cratewatch.retrieval.reranking import rerank
from cratewatch.retrieval.views import draw_views


@dataclass(frozen=True)
class Searcher:
    """Searches a gallery as a configuration says.

    Attributes:
        background: Of the embedder's model; None leaves scores as they are, the cosine.
        covers: Their keypoints, which re-ranking needs.
        model: Search this model's collection instead of the alias; sees all writes.
    """

    embedder: Embedder
    gallery: Gallery
    config: SearchConfig = field(default_factory=SearchConfig)
    background: Background | None = None
    covers: CoverKeypoints | None = None
    model: str | None = None

    def __post_init__(self) -> None:
        """Raise ValueError if what the configuration needs is not there."""
        if self.config.rerank and self.covers is None:
            raise ValueError("re-ranking needs the keypoints of covers")

    def search(self, images: Sequence[Image.Image], top: int) -> list[list[Hit]]:
        """Return up to top covers for each image, the best first, one for each artwork."""
        ranked = self._by_embedding(images, max(top, self.config.rerank))
        if self.covers is not None and self.config.rerank:
            ranked = [
                rerank(image, hits, self.covers, self.config)
                for image, hits in zip(images, ranked, strict=True)
            ]
        return [hits[:top] for hits in ranked]

    def _by_embedding(self, images: Sequence[Image.Image], top: int) -> list[list[Hit]]:
        vectors, views = self._embed(images)
        offsets = self._offsets(vectors)
        found = self.gallery.search(vectors, top * OVERSAMPLING, model=self.model)
        looks = [_less(hits, float(offset)) for hits, offset in zip(found, offsets, strict=True)]
        merged = [_merge(looks[n : n + views]) for n in range(0, len(looks), views)]
        return rank(merged, top)

    def _embed(self, images: Sequence[Image.Image]) -> tuple[Embeddings, int]:
        """Return the vectors to search, image by image, and how many there are of each."""
        views = [view for image in images for view in draw_views(image, self.config)]
        vectors = self.embedder.embed_queries(views)
        each = len(views) // len(images) if images else 1
        if self.config.fusion == "best" or each == 1:
            return vectors, each
        # A cover's mean score over the views is its score with their mean.
        mean = vectors.reshape(len(images), each, -1).mean(axis=1)
        return mean / np.linalg.norm(mean, axis=1, keepdims=True), 1

    def _offsets(self, vectors: Embeddings) -> Offsets:
        if self.background is None or not self.config.background:
            return np.zeros(len(vectors), np.float32)
        return self.background.offsets(vectors, self.config.background)


def _less(hits: Sequence[Hit], offset: float) -> list[Hit]:
    return [replace(hit, score=hit.score - offset) for hit in hits] if offset else list(hits)


def _merge(looks: Sequence[Sequence[Hit]]) -> list[Hit]:
    """Order the hits of all views of a query; a cover may appear once for each view."""
    return sorted((hit for hits in looks for hit in hits), key=lambda hit: -hit.score)
