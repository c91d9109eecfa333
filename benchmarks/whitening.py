"""PCA whitening of embeddings: every direction that covers vary in counts alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cratewatch.embedding.arrays import Embeddings

# The directions that covers hardly vary in are noise; they are not blown up beyond this share
# of the strongest one's deviation.
FLOOR = 0.1


@dataclass(frozen=True)
class Whitening:
    """Maps embeddings (N, D) to whitened ones; queries and covers alike.

    Attributes:
        mean: (D,), of covers.
        projection: (D, D), applied to what differs from the mean.
    """

    mean: Embeddings
    projection: Embeddings

    def __call__(self, embeddings: Embeddings) -> Embeddings:
        """Return (N, D), each row of unit length again."""
        white = (embeddings - self.mean) @ self.projection
        unit: Embeddings = white / np.maximum(np.linalg.norm(white, axis=1, keepdims=True), 1e-6)
        return unit


def learn_whitening(covers: Embeddings, strength: float = 1.0) -> Whitening:
    """Learn it from embeddings (N, D) of covers.

    Args:
        strength: Power of the deviations that are divided by: 1 whitens, 0 only centres.

    Raises:
        ValueError: if there are fewer covers than dimensions.
    """
    if len(covers) < covers.shape[1]:
        raise ValueError(f"{len(covers)} covers cannot whiten {covers.shape[1]} dimensions")
    mean = covers.mean(axis=0)
    variances, directions = np.linalg.eigh(np.cov(covers - mean, rowvar=False))
    deviations = np.sqrt(np.maximum(variances, 0))
    deviations = np.maximum(deviations, FLOOR * deviations.max())
    projection = directions / deviations**strength
    return Whitening(mean.astype(np.float32), projection.astype(np.float32))
