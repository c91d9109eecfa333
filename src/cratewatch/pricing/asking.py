"""What a record is sold for beside what is asked for it, where both were seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from cratewatch.pricing.history import Priced

FEWEST = 5
"""Releases that must have been both sold and asked for."""


@dataclass(frozen=True)
class Correction:
    """What asking prices are corrected by.

    Attributes:
        log: To be added to the logarithm of an asking price; 0 if too little was seen.
        releases: That were both sold and asked for.
    """

    log: float
    releases: int

    @property
    def is_known(self) -> bool:
        """Whether enough was seen of both."""
        return self.releases >= FEWEST

    def __str__(self) -> str:
        """Say it as a part of a sentence."""
        if self.is_known:
            share = np.expm1(self.log)
            return f"corrected by {share:+.0%} to what {self.releases} releases were sold for"
        return f"not corrected: of {self.releases} releases both asking prices and sales are known"


def correction(found: Iterable[Priced]) -> Correction:
    """Return the correction that the prices of several releases tell, outliers left out.

    It is the median over the releases of the difference of their medians, each as if near mint.
    """
    logs: defaultdict[str | None, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for one in found:
        if not one.outlier and one.observation.quantity > 0:
            logs[one.observation.release_id][one.observation.kind].append(one.log_near_mint)
    differences = [
        np.median(kinds["sold"]) - np.median(kinds["asking"])
        for release_id, kinds in logs.items()
        if release_id and kinds["sold"] and kinds["asking"]
    ]
    known = len(differences) >= FEWEST
    return Correction(float(np.median(differences)) if known else 0.0, len(differences))
