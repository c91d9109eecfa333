"""Fits a guess by likeness, and tells what it says of each release without its own prices.

It is fitted to the least absolute error, not the least squared one, by support vectors: a few
prices that are far off pull no more than others (Smola and Schoelkopf, 2004).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cratewatch.pricing.encoding import Encoded
from cratewatch.pricing.likeness import Kind, Likeness, counted, distances, matern, places
from cratewatch.pricing.trees import Floats

MOST_ROWS = 5_000
"""Listings that are fitted to; the time grows with the second power. Of more a part is drawn."""
ROWS_AT_ONCE = 5_000


def fit_likeness(
    kind: Kind,
    encoded: Encoded,
    words: Any,
    logs: npt.NDArray[np.float64],
    part: npt.NDArray[np.int64],
) -> tuple[Likeness, npt.NDArray[np.float64]]:
    """Return a guess fitted to listings, and what one says of each that was not fitted to its part.

    Args:
        words: (N, BUCKETS) sparse.
        logs: Logarithms of prices.
        part: Of each listing; those of one release are in one.
    """
    features = counted(kind, encoded)
    middle, scale = features.mean(0), features.std(0) + np.float32(1e-6)
    rows = places(kind, encoded, middle, scale)
    drawn = _drawn(len(logs))

    def kernel_of(some: npt.NDArray[Any], others: npt.NDArray[Any]) -> Floats:
        spoken = (words[some] @ words[others].T).toarray() if kind.words else 0
        told: Floats = _kernel(kind, rows[some], rows[others], spoken)
        return told

    kernel = kernel_of(drawn, drawn)
    unseen = np.zeros(len(logs))
    for n in np.unique(part):
        known = np.flatnonzero(part[drawn] != n)
        pulls, mean = _pulls(kind, kernel[np.ix_(known, known)], logs[drawn[known]])
        asked = np.flatnonzero(part == n)
        for some in np.array_split(asked, -(-len(asked) // ROWS_AT_ONCE)):
            unseen[some] = mean + kernel_of(some, drawn[known]) @ pulls
    pulls, mean = _pulls(kind, kernel, logs[drawn])
    pulling = np.flatnonzero(pulls)
    kept = rows[drawn[pulling]]
    likeness = Likeness(
        kind=kind,
        middle=middle,
        scale=scale,
        rows=kept,
        pulls=pulls[pulling].astype(np.float32),
        straight=(kind.straight * (kept.T @ pulls[pulling])).astype(np.float32),
        words=(kind.words * (words[drawn].T @ pulls)).astype(np.float32),
        mean=mean,
    )
    return likeness, unseen


def _drawn(rows: int) -> npt.NDArray[np.int64]:
    if rows <= MOST_ROWS:
        return np.arange(rows)
    return np.sort(np.random.default_rng(1).choice(rows, MOST_ROWS, replace=False))


def _kernel(kind: Kind, some: Floats, others: Floats, spoken: Any) -> Floats:
    """Return (N, M) float32: how much each two listings tell about each other.

    Args:
        spoken: (N, M) how many words they share, or 0.
    """
    told = matern(distances(some, others), kind.reach)
    told += np.float32(kind.straight) * (some @ others.T)
    told += np.float32(kind.words) * np.asarray(spoken, np.float32)
    return told


def _pulls(
    kind: Kind, kernel: Floats, logs: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], float]:
    """Return how much each row pulls, 0 for some, and what a price is that nothing pulls."""
    from sklearn.svm import SVR

    mean, spread = float(logs.mean()), float(logs.std()) or 1.0
    fitted = SVR(kernel="precomputed", C=kind.pull, epsilon=kind.near).fit(
        kernel, (logs - mean) / spread
    )
    pulls = np.zeros(len(logs))
    pulls[fitted.support_] = spread * fitted.dual_coef_[0]
    return pulls, mean + spread * float(fitted.intercept_[0])
