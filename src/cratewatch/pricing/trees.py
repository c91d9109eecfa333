"""Grown trees as plain arrays: what a price model is made of, without what grew them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
ARRAYS = ("feature", "threshold", "left", "right", "value", "roots")


@dataclass(frozen=True)
class Trees:
    """Several trees that are asked together.

    Attributes:
        feature: (N,) int32, which feature a node asks about; -1 for a leaf.
        threshold: (N,) float64; up to it the way is left.
        left: (N,) int32 place of the next node; right likewise.
        value: (N,) float32, what a leaf says.
        roots: (T,) int32 place of each tree's first node.
    """

    feature: npt.NDArray[np.int32]
    threshold: npt.NDArray[np.float64]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    value: Floats
    roots: npt.NDArray[np.int32]

    def says(self, features: Floats) -> Floats:
        """Return what each tree says of each row, (N, T), of features (N, F) without gaps."""
        at = np.broadcast_to(self.roots, (len(features), len(self.roots))).copy()
        rows = np.arange(len(features))[:, None]
        while True:
            asked = self.feature[at]
            inner = asked >= 0
            if not inner.any():
                return self.value[at]
            goes_left = features[rows, asked] <= self.threshold[at]
            at = np.where(inner, np.where(goes_left, self.left[at], self.right[at]), at)

    def arrays(self, prefix: str) -> dict[str, npt.NDArray[Any]]:
        """Return all of it under names that begin with a prefix."""
        return {f"{prefix}{name}": getattr(self, name) for name in ARRAYS}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]], prefix: str) -> Self:
        """Return what arrays() was asked of."""
        return cls(*(arrays[f"{prefix}{name}"] for name in ARRAYS))


def of_forest(grown: Sequence[Any]) -> Trees:
    """Return scikit-learn's fitted ExtraTreeRegressors as one."""
    parts = [
        (t.feature, t.threshold, t.children_left, t.children_right, t.value[:, 0, 0])
        for t in (one.tree_ for one in grown)
    ]
    return _joined(parts)


def _joined(parts: Sequence[tuple[Any, ...]]) -> Trees:
    """Return trees, each with places of its own, as one with common places."""
    sizes = [len(part[0]) for part in parts]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32)
    shift = np.repeat(roots, sizes)
    feature, threshold, left, right, value = (
        np.concatenate([np.asarray(part[place]) for part in parts]) for place in range(5)
    )
    leaf = feature < 0
    return Trees(
        feature=np.where(leaf, -1, feature).astype(np.int32),
        threshold=threshold.astype(np.float64),
        left=np.where(leaf, 0, left.astype(np.int64) + shift).astype(np.int32),
        right=np.where(leaf, 0, right.astype(np.int64) + shift).astype(np.int32),
        value=value.astype(np.float32),
        roots=roots,
    )
