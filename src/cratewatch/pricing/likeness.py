"""A guess by likeness: a Gaussian process over what is known of listings and over their words.

Its kernel is a Matern one over distance, with straight ones over the same numbers and over words;
of those only sums are kept (Rasmussen and Williams, 2006, chapters 2, 4 and 5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cratewatch.pricing.trees import Floats

REACH = 5.0
"""Distance at which two listings tell about half of each other."""
STRAIGHT = 0.02
"""Of the kernel, what is straight; WORDS likewise. What is left of a price, NOISE, is by chance."""
WORDS = 0.3
NOISE = 0.3
LEARNED = 0.7
"""How much what is learned from prices counts for the distance, beside what is not."""


@dataclass(frozen=True)
class Likeness:
    """A guess that was fitted.

    Attributes:
        middle: Of what is learned; scale likewise.
        rows: (N, D) float32 of what it was fitted to.
        pulls: (N,) float32, how much each of them pulls.
        straight: (D,) float32; words (BUCKETS,) float32.
        mean: Logarithm of the price of a listing that is like no other.
    """

    middle: Floats
    scale: Floats
    rows: Floats
    pulls: Floats
    straight: Floats
    words: Floats
    mean: float

    def says(self, dense: Floats, learned: Floats, of_words: npt.NDArray[np.float64]) -> Floats:
        """Return (N,) float32 logarithms of prices.

        Args:
            dense: (N, D) of the design.
            learned: (N, L) of Encoder.
            of_words: (N,) what the listings' words add up to by self.words.
        """
        asked = places(dense, learned, self.middle, self.scale)
        near = matern(distances(asked, self.rows)) @ self.pulls
        said: Floats = (self.mean + near + asked @ self.straight + of_words).astype(np.float32)
        return said


def places(dense: Floats, learned: Floats, middle: Floats, scale: Floats) -> Floats:
    """Return where listings stand beside each other."""
    return np.hstack([dense, LEARNED * (learned - middle) / scale]).astype(np.float32)


def distances(some: Floats, others: Floats) -> Floats:
    """Return (N, M) float32 distances of rows."""
    squares = (some**2).sum(1)[:, None] + (others**2).sum(1) - 2 * some @ others.T
    apart: Floats = np.sqrt(np.maximum(squares, 0))
    return apart


def matern(apart: Floats) -> Floats:
    """Return the Matern kernel of 3/2 over distances."""
    far = apart / np.float32(REACH)
    told: Floats = (1 + far) * np.exp(-far)
    return told
