"""Flags prices far from the others of the same release or artwork; none is taken away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

FEWEST = 4
"""Prices of which one may be said to be far from the others."""
FAR = 3.5
"""Robust standard deviations: the modified z-score of Iglewicz and Hoaglin (1993)."""
LEAST_SPREAD = 0.2
"""In logarithms: prices within a fifth of each other are near, however alike the others are."""


def are_outliers(log_prices: Sequence[float]) -> list[bool]:
    """Say of each price whether it is an outlier.

    Args:
        log_prices: Natural logarithms, of one release or artwork, in one currency and condition.
    """
    values = np.asarray(log_prices, dtype=float)
    if len(values) < FEWEST:
        return [False] * len(values)
    distances = np.abs(values - np.median(values))
    spread = max(1.4826 * float(np.median(distances)), LEAST_SPREAD)
    return [bool(far) for far in distances / spread > FAR]
