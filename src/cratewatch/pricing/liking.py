"""Fits a guess by likeness, and tells what it says of each release without its own prices."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.lapack import spotri

from cratewatch.pricing.likeness import NOISE, STRAIGHT, WORDS, Likeness, distances, matern, places
from cratewatch.pricing.trees import Floats

MOST_ROWS = 5_000
"""Listings that are fitted to; the time grows with the third power. Of more a part is drawn."""


def fit_likeness(
    dense: Floats,
    learned: Floats,
    words: Any,
    logs: npt.NDArray[np.float64],
    releases: npt.NDArray[np.int64],
) -> tuple[Likeness, npt.NDArray[np.float64]]:
    """Return a guess fitted to listings, and what it says of each without its release.

    Args:
        words: (N, BUCKETS) sparse.
        logs: Logarithms of prices.
        releases: Which release each listing is of.
    """
    drawn = _drawn(len(logs))
    middle, scale = learned.mean(0), learned.std(0) + 1e-6
    rows = places(dense[drawn], learned[drawn], middle, scale)
    spoken = words[drawn]
    mean = float(logs.mean())
    factor = cho_factor(_kernel(rows, spoken), lower=True, overwrite_a=True, check_finite=False)
    beyond = (logs[drawn] - mean).astype(np.float32)
    pulls = cho_solve(factor, beyond, check_finite=False)
    likeness = Likeness(
        middle=middle.astype(np.float32),
        scale=scale.astype(np.float32),
        rows=rows,
        pulls=pulls.astype(np.float32),
        straight=(STRAIGHT * (rows.T @ pulls)).astype(np.float32),
        words=(WORDS * (spoken.T @ pulls)).astype(np.float32),
        mean=mean,
    )
    unseen = likeness.says(dense, learned, words @ likeness.words).astype(np.float64)
    inverse, _ = spotri(factor[0], lower=1, overwrite_c=1)
    unseen[drawn] = logs[drawn] - _missed(inverse, pulls, releases[drawn])
    return likeness, unseen


def _drawn(rows: int) -> npt.NDArray[np.int64]:
    if rows <= MOST_ROWS:
        return np.arange(rows)
    return np.sort(np.random.default_rng(1).choice(rows, MOST_ROWS, replace=False))


def _kernel(rows: Floats, words: Any) -> Floats:
    """Return (N, N) float32: how much each two listings tell about each other, chance added."""
    kernel = matern(distances(rows, rows)) + np.float32(STRAIGHT) * (rows @ rows.T)
    kernel += np.float32(WORDS) * (words @ words.T).toarray().astype(np.float32)
    kernel[np.diag_indices(len(kernel))] += np.float32(NOISE)
    told: Floats = kernel
    return told


def _missed(
    inverse: Floats, pulls: Floats, releases: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Return by how much each row is missed by a fit without the rows of its release.

    By Rasmussen and Williams (2006), 5.4.2, for several rows at once.

    Args:
        inverse: (N, N) of the kernel, its lower triangle.
    """
    missed = (pulls / inverse.diagonal()).astype(np.float64)
    order = np.argsort(releases, kind="stable")
    starts = np.flatnonzero(np.diff(releases[order])) + 1
    for rows in np.split(order, starts):
        if len(rows) > 1:
            block = inverse[np.maximum.outer(rows, rows), np.minimum.outer(rows, rows)]
            missed[rows] = np.linalg.solve(block.astype(np.float64), pulls[rows])
    return missed
