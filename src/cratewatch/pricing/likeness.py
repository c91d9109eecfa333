"""A guess by likeness: what listings that are near cost, each by how much it pulls.

Its kernel is a Matern one over distance, with straight ones over the same numbers and, where WORDS
count, over words; of those only sums are kept (Rasmussen and Williams, 2006, chapter 4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cratewatch.pricing.encoding import Encoded
from cratewatch.pricing.trees import Floats


@dataclass(frozen=True)
class Kind:
    """A way to see which listings are alike.

    Attributes:
        reach: Distance at which two listings tell about half of each other.
        straight: Of the kernel, what is straight; words likewise.
        learned: How much what is learned from prices counts, beside what is not; None for all
            features, what is learned among them.
        pull: The most that a listing pulls, in standard deviations of the prices' logarithms.
        near: How far off costs nothing, in the same.
    """

    reach: float
    straight: float
    words: float
    learned: float | None
    pull: float
    near: float


KINDS_OF_LIKENESS = (
    Kind(reach=10.0, straight=0.002, words=0.0, learned=None, pull=2.0, near=0.05),
    Kind(reach=5.0, straight=0.02, words=0.3, learned=0.7, pull=1.0, near=0.1),
)
"""By everything, and by the design, what is learned and words."""
FARTHEST = 4.0
"""Standard deviations from the middle, beyond which a number counts as no farther."""


@dataclass(frozen=True)
class Likeness:
    """A guess that was fitted.

    Attributes:
        kind: How it was fitted.
        middle: (F,) float32 of the features that count; scale likewise.
        rows: (N, D) float32 of what it was fitted to.
        pulls: (N,) float32, how much each of them pulls.
        straight: (D,) float32; words (BUCKETS,) float32.
        mean: Logarithm of the price of a listing that is like no other.
    """

    kind: Kind
    middle: Floats
    scale: Floats
    rows: Floats
    pulls: Floats
    straight: Floats
    words: Floats
    mean: float

    def says(self, encoded: Encoded, of_words: npt.NDArray[np.float64]) -> Floats:
        """Return (N,) float32 logarithms of prices.

        Args:
            of_words: (N,) what the listings' words add up to by self.words.
        """
        asked = places(self.kind, encoded, self.middle, self.scale)
        near = matern(distances(asked, self.rows), self.kind.reach) @ self.pulls
        straight = asked @ self.straight
        said: Floats = (self.mean + near + straight + of_words).astype(np.float32)
        return said


def counted(kind: Kind, encoded: Encoded) -> Floats:
    """Return the features that count for a kind."""
    return encoded.features if kind.learned is None else encoded.learned


def places(kind: Kind, encoded: Encoded, middle: Floats, scale: Floats) -> Floats:
    """Return where listings stand beside each other, (N, D) float32."""
    features = (kind.learned or 1.0) * (counted(kind, encoded) - middle) / scale
    both = np.hstack([encoded.dense, features]).clip(-FARTHEST, FARTHEST)
    told: Floats = both.astype(np.float32)
    return told


def distances(some: Floats, others: Floats) -> Floats:
    """Return (N, M) float32 distances of rows."""
    squares = (some**2).sum(1)[:, None] + (others**2).sum(1) - 2 * some @ others.T
    apart: Floats = np.sqrt(np.maximum(squares, 0))
    return apart


def matern(apart: Floats, reach: float) -> Floats:
    """Return the Matern kernel of 3/2 over distances."""
    far = apart / np.float32(reach)
    told: Floats = (1 + far) * np.exp(-far)
    return told
