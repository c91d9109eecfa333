"""From query images to ranked covers: views, one search in a batch, re-ranking."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image

from cratewatch.catalog.facts import EVERYTHING, Wanted
from cratewatch.chunks import chunks
from cratewatch.embedding.arrays import Embeddings
from cratewatch.embedding.embedder import Embedder
from cratewatch.gallery.gallery import Gallery, Hit
from cratewatch.retrieval.background import Background, Offsets
from cratewatch.retrieval.config import SearchConfig
from cratewatch.retrieval.cover_keypoints import CoverKeypoints
from cratewatch.retrieval.keypoints import QUERY_FRAME, find_keypoints
from cratewatch.retrieval.ranking import OVERSAMPLING, rank
from cratewatch.retrieval.reranking import rerank
from cratewatch.retrieval.views import draw_views


@dataclass(frozen=True)
class Asked:
    """An image, and the artworks that are not to be found in it."""

    image: Image.Image
    without: Collection[str]

    def allowed(self, hits: Sequence[Hit]) -> list[Hit]:
        """Return the hits that may be found, in their order."""
        return [hit for hit in hits if hit.artwork_id not in self.without]


@dataclass(frozen=True)
class Searcher:
    """Searches a gallery as a configuration says.

    Attributes:
        background: Of the embedder's model; None leaves scores as they are, the cosine.
        covers: Their keypoints, which re-ranking needs.
        wanted: Only covers of artworks whose facts admit it; by default also of artworks that no
            source lists any more.
    """

    embedder: Embedder
    gallery: Gallery
    config: SearchConfig = field(default_factory=SearchConfig)
    background: Background | None = None
    covers: CoverKeypoints | None = None
    wanted: Wanted = EVERYTHING

    def __post_init__(self) -> None:
        """Raise ValueError if what the configuration needs is not there."""
        if self.config.rerank and self.covers is None:
            raise ValueError("re-ranking needs the keypoints of covers")

    def search(
        self, images: Sequence[Image.Image], top: int, without: Sequence[Collection[str]] = ()
    ) -> list[list[Hit]]:
        """Return up to top covers for each image, the best first, one for each artwork.

        Args:
            without: Artworks for each image that are not found, as if the gallery lacked them.
        """
        asked = [Asked(*pair) for pair in zip(images, without or [()] * len(images), strict=True)]
        if self.covers is None or not self.config.rerank:
            return self._by_embedding(asked, self.config, top)
        return [hits[:top] for hits in self._by_geometry(asked, self.covers, top)]

    def _by_geometry(
        self, asked: Sequence[Asked], covers: CoverKeypoints, top: int
    ) -> list[list[Hit]]:
        """Look at each image as it is; draw views of those in which no cover is recognised."""
        config = self.config
        queries = [find_keypoints(one.image, frame=QUERY_FRAME) for one in asked]
        wanted = max(top, config.rerank)
        ranked: list[list[Hit]] = [[] for _ in asked]
        unclear = list(range(len(asked)))
        if config.views > 1:
            glance = replace(
                config, crops=(1.0,), turns_deg=(0.0,), rerank=min(config.glance, config.rerank)
            )
            found = self._by_embedding(asked, glance, wanted)
            looks = [
                rerank(q, hits, covers, glance) for q, hits in zip(queries, found, strict=True)
            ]
            ranked = [look.hits for look in looks]
            unclear = [n for n, look in enumerate(looks) if not look.clear]
        found = self._by_embedding([asked[n] for n in unclear], config, wanted)
        for n, hits in zip(unclear, found, strict=True):
            ranked[n] = rerank(queries[n], hits, covers, config).hits
        return ranked

    def _by_embedding(
        self, asked: Sequence[Asked], config: SearchConfig, top: int
    ) -> list[list[Hit]]:
        if not asked:
            return []
        vectors = self._embed([one.image for one in asked], config)
        each = len(vectors) // len(asked)
        offsets = self._offsets(vectors)
        found = self.gallery.search(
            vectors, top * OVERSAMPLING, model=self.embedder.name, wanted=self.wanted
        )
        looks = [_less(hits, float(offset)) for hits, offset in zip(found, offsets, strict=True)]
        merged = [_merge(of_one) for of_one in chunks(looks, each)]
        return rank([one.allowed(hits) for one, hits in zip(asked, merged, strict=True)], top)

    def _embed(self, images: Sequence[Image.Image], config: SearchConfig) -> Embeddings:
        """Return the vectors to search, equally many of each image, image by image."""
        views = [view for image in images for view in draw_views(image, config)]
        vectors = self.embedder.embed_queries(views)
        if config.fusion == "best":
            return vectors
        # A cover's mean score over the views is its score with their mean.
        mean = vectors.reshape(len(images), config.views, -1).mean(axis=1)
        unit: Embeddings = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return unit

    def _offsets(self, vectors: Embeddings) -> Offsets:
        if self.background is None or not self.config.background:
            return np.zeros(len(vectors), np.float32)
        return self.background.offsets(vectors, self.config.background)


def _less(hits: Sequence[Hit], offset: float) -> list[Hit]:
    return [replace(hit, score=hit.score - offset) for hit in hits] if offset else list(hits)


def _merge(looks: Sequence[Sequence[Hit]]) -> list[Hit]:
    """Order the hits of all views of a query; a cover may appear once for each view."""
    return sorted((hit for hits in looks for hit in hits), key=lambda hit: -hit.score)
