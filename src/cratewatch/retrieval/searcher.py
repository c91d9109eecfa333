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
from cratewatch.retrieval.keypoints import NO_KEYPOINTS, QUERY_FRAME, Keypoints, find_keypoints
from cratewatch.retrieval.ranking import OVERSAMPLING, rank
from cratewatch.retrieval.reranking import Reranked, rerank
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
class Glance:
    """What one look at a query as it is tells.

    Attributes:
        hits: The best first. None where that is no shorter way: without keypoints nothing is
            clear at a glance, and of one view a glance is all there is.
        clear: Whether a cover was recognised beyond doubt: no other view need be searched.
        share: Of the query's picture that this cover fills.
    """

    asked: Asked
    keypoints: Keypoints = NO_KEYPOINTS
    hits: tuple[Hit, ...] = ()
    clear: bool = False
    share: float = 0.0


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
        return self.look_on(self.glance(images, top, without), top)

    def glance(
        self, images: Sequence[Image.Image], top: int, without: Sequence[Collection[str]] = ()
    ) -> list[Glance]:
        """Look at each image as it is, and compare the keypoints of the few best covers.

        Args:
            top, without: As of search().
        """
        asked = [Asked(*pair) for pair in zip(images, without or [()] * len(images), strict=True)]
        if not self.config.rerank:
            return [Glance(one) for one in asked]
        queries = [find_keypoints(one.image, frame=QUERY_FRAME) for one in asked]
        if self.config.views == 1:
            return [Glance(*pair) for pair in zip(asked, queries, strict=True)]
        few = min(self.config.glance, self.config.rerank)
        config = replace(self.config, crops=(1.0,), turns_deg=(0.0,), rerank=few)
        found = self._by_embedding(asked, config, max(top, self.config.rerank))
        looks = [self._rerank(*pair, config) for pair in zip(queries, found, strict=True)]
        return [
            Glance(one, query, tuple(look.hits), look.clear, look.area / QUERY_FRAME**2)
            for one, query, look in zip(asked, queries, looks, strict=True)
        ]

    def look_on(self, glances: Sequence[Glance], top: int) -> list[list[Hit]]:
        """Return what search() does; draw views of the images in which no cover is clear."""
        ranked = [list(glance.hits) for glance in glances]
        unclear = [n for n, glance in enumerate(glances) if not glance.clear]
        asked = [glances[n].asked for n in unclear]
        found = self._by_embedding(asked, self.config, max(top, self.config.rerank))
        for n, hits in zip(unclear, found, strict=True):
            ranked[n] = self._rerank(glances[n].keypoints, hits, self.config).hits
        return [hits[:top] for hits in ranked]

    def _rerank(self, query: Keypoints, hits: list[Hit], config: SearchConfig) -> Reranked:
        if self.covers is None:  # then nothing is to be compared with them, either
            return Reranked(hits, clear=False)
        return rerank(query, hits, self.covers, config)

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
