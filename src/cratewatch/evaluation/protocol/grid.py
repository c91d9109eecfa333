"""Queries by severity and sleeve size, drawn of covers and searched in a gallery of vectors."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from cratewatch.evaluation.protocol.answers import (
    BATCH,
    Compare,
    Scores,
    Search,
    Vectors,
    answer,
    summarise,
)
from cratewatch.evaluation.protocol.query import Rgba, draw_protocol_query

SEVERITIES = (0.0, 0.5, 1.0, 1.5, 2.0)
SLEEVES_PX = (160, 128, 96, 64, 48, 32)


@dataclass(frozen=True)
class ArtworkVectors:
    """What queries are searched in: vectors (N, D) of unit length and their artwork ids."""

    vectors: Vectors
    artworks: Sequence[str]


@dataclass(frozen=True)
class LabelledQuery:
    """A query's JPEG and the artwork that it shows."""

    jpeg: bytes
    artwork: str

    @property
    def image(self) -> Image.Image:
        return Image.open(io.BytesIO(self.jpeg))


def draw_queries(  # noqa: PLR0913, PLR0917
    covers: Sequence[tuple[str, npt.NDArray[np.uint8]]],
    count: int,
    severity: float,
    sleeve_px: int,
    hands: Sequence[Rgba],
    seed: int,
) -> Iterator[LabelledQuery]:
    """Draw queries of a severity and size, going through the covers in an order of its own.

    Args:
        covers: Artwork id and (H, W, 3) uint8 picture of each.
        count: May exceed the number of covers; each is then drawn several times, never alike.
    """
    order = np.random.default_rng(seed).permutation(len(covers))
    for number in range(count):
        artwork, cover = covers[int(order[number % len(covers)])]
        own_seed = int(np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0])
        yield LabelledQuery(
            draw_protocol_query(cover, own_seed, severity, sleeve_px, hands), artwork
        )


def score(
    queries: Sequence[LabelledQuery],
    gallery: ArtworkVectors,
    embed: Callable[[Sequence[Image.Image]], Vectors],
) -> Scores:
    """Search every query in the whole gallery, exactly.

    Args:
        embed: Images to vectors (Q, D) of unit length.

    Raises:
        ValueError: if there is no query, or one of an artwork that the gallery lacks.
    """
    vectors = embed_all([query.image for query in queries], embed)
    everything = Search(np.arange(len(queries)), np.arange(len(gallery.artworks)))
    truths = [query.artwork for query in queries]
    return summarise(answer(everything, truths, gallery.artworks, by_cosine(vectors, gallery)))


def embed_all(
    images: Sequence[Image.Image], embed: Callable[[Sequence[Image.Image]], Vectors]
) -> Vectors:
    """Embed BATCH images at a time."""
    parts = [embed(images[at : at + BATCH]) for at in range(0, len(images), BATCH)]
    return np.concatenate(parts) if parts else embed([])


def by_cosine(vectors: Vectors, gallery: ArtworkVectors) -> Compare:
    """Compare queries' vectors, (Q, D) of unit length, with those of the gallery."""
    return lambda queries, covers: vectors[queries] @ gallery.vectors[covers].T
