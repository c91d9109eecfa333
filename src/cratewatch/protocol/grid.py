"""Recall over severity and sleeve size: queries of held-out covers against a gallery of all."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from cratewatch.metrics import Share, mean_average_precision, recall_at_precision, wilson
from cratewatch.protocol.query import Rgba, draw_query

Vectors = npt.NDArray[np.float32]
BATCH = 64
SEVERITIES = (0.0, 0.5, 1.0, 1.5, 2.0)
SLEEVES_PX = (160, 128, 96, 64, 48, 32)
WANTED_PRECISION = 0.9


@dataclass(frozen=True)
class Gallery:
    """What queries are searched in: vectors (N, D) of unit length and their artwork ids."""

    vectors: Vectors
    artworks: Sequence[str]


@dataclass(frozen=True)
class Query:
    """A query's JPEG and the artwork that it shows."""

    jpeg: bytes
    artwork: str


@dataclass(frozen=True)
class Scores:
    """How well queries were answered.

    Attributes:
        mean_average_precision: Over all covers of the gallery, 0..1.
        recall_at_p90: Share of the queries answered, and rightly, by the best score from which
            on nine of ten answers are right.
    """

    recall_at_1: Share
    recall_at_5: Share
    mean_average_precision: float
    recall_at_p90: float


def draw_queries(  # noqa: PLR0913, PLR0917
    covers: Sequence[tuple[str, npt.NDArray[np.uint8]]],
    count: int,
    severity: float,
    sleeve_px: int,
    hands: Sequence[Rgba],
    seed: int,
) -> Iterator[Query]:
    """Draw queries of a severity and size, going through the covers in an order of its own.

    Args:
        covers: Artwork id and (H, W, 3) uint8 picture of each.
        count: May exceed the number of covers; each is then drawn several times, never alike.
    """
    order = np.random.default_rng(seed).permutation(len(covers))
    for number in range(count):
        artwork, cover = covers[int(order[number % len(covers)])]
        own_seed = int(np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0])
        yield Query(draw_query(cover, own_seed, severity, sleeve_px, hands), artwork)


def score(
    queries: Sequence[Query],
    gallery: Gallery,
    embed: Callable[[Sequence[Image.Image]], Vectors],
) -> Scores:
    """Search every query in the whole gallery, exactly.

    Args:
        embed: Images to vectors (Q, D) of unit length.

    Raises:
        ValueError: if there is no query, or one of an artwork that the gallery lacks.
    """
    ids = {artwork: number for number, artwork in enumerate(dict.fromkeys(gallery.artworks))}
    if missing := {query.artwork for query in queries} - ids.keys():
        raise ValueError(f"the gallery has no cover of {sorted(missing)[0]}")
    of_row = np.array([ids[artwork] for artwork in gallery.artworks])
    truths = np.array([ids[query.artwork] for query in queries])
    first_right, best, precisions = [], [], []
    for start in range(0, len(queries), BATCH):
        part = queries[start : start + BATCH]
        images = [Image.open(io.BytesIO(query.jpeg)) for query in part]
        scores = embed(images) @ gallery.vectors.T
        order = np.argsort(-scores, axis=1, kind="stable")
        right = of_row[order] == truths[start : start + BATCH, None]
        best.append(np.take_along_axis(scores, order[:, :1], axis=1)[:, 0])
        first_right.append(_artworks_before(of_row[order], right))
        precisions.append(mean_average_precision(right) * len(part))
    ranks, top = np.concatenate(first_right), np.concatenate(best)
    return Scores(
        recall_at_1=wilson(int((ranks < 1).sum()), len(queries)),
        recall_at_5=wilson(int((ranks < 5).sum()), len(queries)),
        mean_average_precision=sum(precisions) / len(queries),
        recall_at_p90=recall_at_precision(ranks < 1, top, WANTED_PRECISION),
    )


def _artworks_before(
    ranked: npt.NDArray[np.int_], right: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int_]:
    """Return how many other artworks are ranked before the right one, for each row."""
    firsts = right.argmax(axis=1)
    return np.array([len(set(row[:at])) for row, at in zip(ranked.tolist(), firsts, strict=True)])
