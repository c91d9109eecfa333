"""One answer for the track of a sleeve from the rankings of its frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from cratewatch.gallery.gallery import Hit

Pooling = Literal["sum", "softmax", "best"]
SHARPNESS = 20.0
"""By which a difference of scores counts; 1 / 0.05, about the spread of wrong ones."""


@dataclass(frozen=True)
class Vote:
    """The answer of a track.

    Attributes:
        hit: The best cover of the artwork that won, with the artwork's mean score.
        confidence: Share of the artwork among all that were found, 0..1. Whether the artwork is
            in the catalog at all is for a calibration to tell.
    """

    hit: Hit
    confidence: float


def vote(frames: Sequence[Sequence[Hit]], pooling: Pooling = "sum", top: int = 5) -> list[Vote]:
    """Return the best artworks of a track, the best first; none if no frame found any.

    An artwork that a frame did not find has there the least score that this frame found.

    Args:
        frames: The ranking of each frame, one hit for each artwork, scores normalised, so that a
            frame which resembles everything does not outvote the others.
        pooling: What counts of an artwork: the mean of its scores, the mean of its shares in
            each frame, or its best score.
    """
    found = [hits for hits in frames if hits]
    if not found:
        return []
    artworks = list(dict.fromkeys(hit.artwork_id for hits in found for hit in hits))
    scores = _table(found, artworks)
    shares = _pooled(scores, pooling)
    order = np.argsort(-shares, kind="stable")[:top]
    means = scores.mean(axis=0)
    return [Vote(_best_cover(found, artworks[n], float(means[n])), float(shares[n])) for n in order]


def _table(frames: Sequence[Sequence[Hit]], artworks: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return (frames, artworks)."""
    rows = []
    for hits in frames:
        of = {hit.artwork_id: hit.score for hit in reversed(hits)}
        least = min(of.values())
        rows.append([of.get(artwork, least) for artwork in artworks])
    return np.array(rows)


def _pooled(scores: npt.NDArray[np.float64], pooling: Pooling) -> npt.NDArray[np.float64]:
    if pooling == "softmax":
        return np.asarray(_shares(scores).mean(axis=0))
    return _shares(scores.mean(axis=0) if pooling == "sum" else scores.max(axis=0))


def _shares(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    powers = np.exp(SHARPNESS * (scores - scores.max(axis=-1, keepdims=True)))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _best_cover(frames: Sequence[Sequence[Hit]], artwork: str, score: float) -> Hit:
    hits = [hit for frame in frames for hit in frame if hit.artwork_id == artwork]
    best = max(hits, key=lambda hit: hit.score)
    return Hit(best.cover_id, artwork, score)
