"""Score normalisation: how near a query is to covers that it does not show.

A blurred query is near to everything, a sharp one to nothing but its cover: the same cosine means
less in the first case. Taking off the mean score of the nearest covers of a fixed set makes
scores of different queries comparable (Pizzi et al. 2022, SSCD). The set is stored with the model
and not drawn from the gallery at hand, so that scores, and with them a calibrated threshold,
mean the same in a shop of fifty covers as in one of a million.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cratewatch.embedding.arrays import Embeddings

Offsets = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Background:
    """Embeddings (B, D) of unit length of covers that stand for all others."""

    vectors: Embeddings

    def offsets(self, queries: Embeddings, nearest: int) -> Offsets:
        """Return (Q,): the mean of each query's best scores against the background.

        Args:
            queries: (Q, D), each row of unit length.
            nearest: How many scores are averaged; clipped to the background's size.

        Raises:
            ValueError: if nearest is not positive.
        """
        if nearest < 1:
            raise ValueError(f"{nearest} nearest covers have no mean")
        scores = queries @ self.vectors.T
        best = np.partition(scores, -min(nearest, scores.shape[1]), axis=1)[:, -nearest:]
        offsets: Offsets = best.mean(axis=1)
        return offsets
