"""What other listings tell of one: by artist, label, likeness and words, from prices of training.

learning.py makes an Encoder; this asks it, without scipy, which takes a while to import.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from cratewatch.chunks import chunks
from cratewatch.pricing.design import PLAIN, Design, buckets
from cratewatch.pricing.listing import Listing, bare
from cratewatch.pricing.trees import Floats

KINDS: dict[str, Callable[[Listing], str]] = {
    "artist": lambda listing: bare(listing.artist),
    "label": lambda listing: bare(listing.label),
    "catno": lambda listing: "".join(filter(str.isalpha, listing.catno.lower().split("-")[0])),
    "label_decade": lambda listing: f"{bare(listing.label)}|{(listing.year or 0) // 10}",
    "album": lambda listing: f"{bare(listing.artist)}|{bare(listing.title)}",
    "kind": lambda listing: f"{listing.genre}|{listing.format}|{listing.media_condition}",
}
"""What listings are put together by."""
SHRINK = {
    "artist": 1.0, "label": 2.0, "catno": 3.0, "label_decade": 1.0, "album": 0.7, "kind": 3.0,
}  # fmt: skip
"""Rows of the usual price that each group is mixed with."""
NEAREST = (5, 15, 40)
LOOKED_AT = 60
"""Neighbours, before those of the own release are left out."""
ROWS_AT_ONCE = 512
_OF_NEAR = len(NEAREST) + 2


def key_of(text: str) -> int:
    """Return a number for a text, the same everywhere."""
    return int.from_bytes(
        hashlib.blake2b(text.encode(), digest_size=8).digest(), "big", signed=True
    )


@dataclass(frozen=True)
class Group:
    """How much dearer than expected the listings of each artist, label and so on were.

    Attributes:
        keys: (K,) int64, ascending; sums and counts stand beside them.
    """

    keys: npt.NDArray[np.int64]
    sums: npt.NDArray[np.float64]
    counts: npt.NDArray[np.float64]
    shrink: float

    @classmethod
    def of(cls, keys: npt.NDArray[np.int64], values: npt.NDArray[Any], shrink: float) -> Self:
        """Return the groups of rows."""
        unique, place = np.unique(keys, return_inverse=True)
        sums = np.bincount(place, values, len(unique)).astype(np.float64)
        return cls(
            unique, sums, np.bincount(place, minlength=len(unique)).astype(np.float64), shrink
        )

    def tells(self, keys: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return (N, 2): the mean of each row's group, and its size."""
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        there = self.keys[place] == keys
        sums, counts = np.where(there, self.sums[place], 0), np.where(there, self.counts[place], 0)
        return np.stack([sums / (counts + self.shrink), counts], 1)


@dataclass(frozen=True)
class Encoded:
    """Listings as numbers, (N, …) float32.

    Attributes:
        dense: Of the design.
        features: What trees are asked by, without gaps.
    """

    dense: Floats
    features: Floats

    @property
    def learned(self) -> Floats:
        """Of the features those that are logarithms of prices: what others tell of a listing."""
        first = PLAIN + 1 + 2 * len(KINDS)
        of_groups = range(PLAIN + 1, first, 2)
        of_near = (first + n for n in range(2 * _OF_NEAR) if n % _OF_NEAR < len(NEAREST) + 1)
        return self.features[:, [PLAIN, *of_groups, *of_near, -2, -1]]


@dataclass(frozen=True)
class Encoder:
    """All that is learned from prices before trees are.

    Attributes:
        linear: Weights of the design, the constant last, on the logarithm of prices.
        groups: By name of KINDS.
        reference: Rows of the design that others are compared with; logs and releases beside it.
        words: (2, BUCKETS) float32: what words add to the linear estimate, and to none.
        beside: Weights of the design beside the latter, the constant last.
    """

    design: Design
    linear: npt.NDArray[np.float64]
    groups: Mapping[str, Group]
    reference: Floats
    logs: Floats
    releases: npt.NDArray[np.int64]
    words: Floats
    beside: npt.NDArray[np.float64]

    def encode(self, listings: Sequence[Listing]) -> Encoded:
        """Return listings that were not in the training."""
        dense = self.design.dense(listings)
        groups = [self.groups[name].tells(keys_of(name, listings)) for name in KINDS]
        told = np.array([sums_of_words(self.words, listing) for listing in listings])
        told[:, 1] += with_one(dense) @ self.beside
        line = with_one(dense) @ self.linear
        return self.encoded(listings, dense, line, [*groups, told])

    def encoded(
        self,
        listings: Sequence[Listing],
        dense: Floats,
        line: npt.NDArray[Any],
        told: Sequence[npt.NDArray[Any]],
    ) -> Encoded:
        """Put listings together from what is told of them.

        Args:
            line: (N,) by self.linear.
            told: By each of self.groups, then by words.
        """
        *groups, of_words = told
        near = self._near(dense, releases_of(listings))
        plain = self.design.plain(listings)
        parts: list[npt.NDArray[Any]] = [plain, line[:, None], *groups, *near, of_words]
        return Encoded(dense, np.hstack(parts).astype(np.float32))

    @functools.cached_property
    def _metrics(self) -> list[tuple[Floats, Floats, Floats]]:
        """In what listings are near: all columns alike, and each by its weight for the price.

        Each is the factors of the columns, the references times them, and their squared lengths.
        """
        weights = np.abs(self.linear[:-1]).astype(np.float32)
        scaled = [(by, self.reference * by) for by in (np.ones_like(weights), weights)]
        return [(by, rows, (rows**2).sum(1)) for by, rows in scaled]

    def _near(
        self, dense: Floats, releases: npt.NDArray[np.int64]
    ) -> list[npt.NDArray[np.float64]]:
        """Return (N, _OF_NEAR) for each metric: what the nearest listings cost; see _tells()."""
        told = []
        for by, rows, squares in self._metrics:
            of_metric: list[list[float]] = []
            for places in chunks(range(len(dense)), ROWS_AT_ONCE):
                distances, nearest = _nearest(dense[places] * by, rows, squares)
                of_metric += [
                    _tells(d, self.logs[n], self.releases[n] != releases[place])
                    for place, d, n in zip(places, distances, nearest, strict=True)
                ]
            told.append(np.array(of_metric))
        return told


def _nearest(asked: Floats, rows: Floats, squares: Floats) -> tuple[Any, Any]:
    """Return distances to and places of the LOOKED_AT nearest rows, ascending."""
    apart = squares - 2 * asked @ rows.T
    k = min(LOOKED_AT, apart.shape[1])
    nearest = np.argpartition(apart, k - 1, axis=1)[:, :k]
    found = np.take_along_axis(apart, nearest, 1)
    order = np.argsort(found, axis=1, kind="stable")
    squared = np.take_along_axis(found, order, 1) + (asked**2).sum(1)[:, None]
    return np.sqrt(np.maximum(squared, 0)), np.take_along_axis(nearest, order, 1)


def _tells(
    distances: npt.NDArray[Any], logs: npt.NDArray[Any], others: npt.NDArray[np.bool_]
) -> list[float]:
    """Return what the neighbours of one listing cost, less those of its own release.

    That is the mean by distance for each number of NEAREST, their spread, and the distance of the
    very nearest; prices and spread as logarithms.
    """
    distances, logs = distances[others], logs[others]
    if not len(logs):
        return [0.0] * _OF_NEAR
    weights = 1 / (distances + 0.3)
    means = [float(np.average(logs[:k], weights=weights[:k])) for k in NEAREST]
    return [*means, float(logs[:15].std()), float(distances[0])]


def with_one(dense: Floats) -> npt.NDArray[Any]:
    """Return a table with a last column of ones, whose weight is the constant."""
    return np.hstack([dense, np.ones((len(dense), 1), dense.dtype)])


def keys_of(name: str, listings: Sequence[Listing]) -> npt.NDArray[np.int64]:
    """Return which group of a kind each listing is in."""
    return np.array([key_of(KINDS[name](listing)) for listing in listings], dtype=np.int64)


def releases_of(listings: Sequence[Listing]) -> npt.NDArray[np.int64]:
    """Return which release each listing is of."""
    return np.array([key_of(listing.release) for listing in listings], dtype=np.int64)


def sums_of_words(weights: Floats, listing: Listing) -> npt.NDArray[np.float64]:
    """Return what a listing's words add up to, for each set of weights."""
    found = buckets(listing)
    sums: npt.NDArray[np.float64] = weights[:, found].sum(1, dtype=np.float64)
    told: npt.NDArray[np.float64] = sums / np.sqrt(max(len(found), 1))
    return told
