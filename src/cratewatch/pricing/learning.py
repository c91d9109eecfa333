"""Learns from prices what other listings tell of one: artists, labels, likeness and words.

Of a listing of the training itself, whatever comes from its own release is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.linalg import lsqr

from cratewatch.pricing.design import BUCKETS, Design, buckets
from cratewatch.pricing.encoding import (
    KINDS,
    SHRINK,
    Encoded,
    Encoder,
    Group,
    keys_of,
    releases_of,
    with_one,
)
from cratewatch.pricing.listing import Listing

MOST_REFERENCES = 20_000
"""Listings that others are compared with; of more a part is drawn."""
FOLDS = 10
RIDGE = 1.0
DAMP = 1.0
STEPS = 100


@dataclass(frozen=True)
class Learned:
    """What was learned, and the listings that it was learned from.

    Attributes:
        words: (N, BUCKETS) sparse, each row of unit length.
    """

    encoder: Encoder
    encoded: Encoded
    words: Any
    releases: npt.NDArray[np.int64]


def fit(listings: Sequence[Listing], logs: npt.NDArray[Any]) -> Learned:
    """Learn from listings and the logarithms of their prices."""
    design = Design.of(listings)
    dense, releases = design.dense(listings), releases_of(listings)
    line, linear = _out_of_fold(with_one(dense), logs, releases, _ridge)
    beyond = logs - line
    groups, told_by_groups = _groups(listings, releases, beyond)
    words = word_counts(listings)
    beside = sparse.hstack([1.5 * words, sparse.csr_matrix(0.3 * with_one(dense))]).tocsr()
    added, of_words = _out_of_fold(words, beyond, releases, _sparse_ridge)
    told, of_both = _out_of_fold(beside, logs, releases, _sparse_ridge)
    drawn = _drawn(len(listings))
    encoder = Encoder(
        design=design,
        linear=linear,
        groups=groups,
        reference=dense[drawn],
        logs=logs[drawn].astype(np.float32),
        releases=releases[drawn],
        words=np.stack([of_words, 1.5 * of_both[:BUCKETS]]).astype(np.float32),
        beside=0.3 * of_both[BUCKETS:],
    )
    of_both_words = np.stack([added, told], 1)
    encoded = encoder.encoded(listings, dense, line, [*told_by_groups, of_both_words])
    return Learned(encoder, encoded, words, releases)


def _drawn(rows: int) -> npt.NDArray[np.int64]:
    """Return which rows others are compared with."""
    if rows <= MOST_REFERENCES:
        return np.arange(rows)
    return np.sort(np.random.default_rng(0).choice(rows, MOST_REFERENCES, replace=False))


def _groups(
    listings: Sequence[Listing], releases: npt.NDArray[np.int64], values: npt.NDArray[Any]
) -> tuple[dict[str, Group], list[npt.NDArray[Any]]]:
    """Return the groups, and what they tell of their own rows without those of their fold.

    Without its own release alone would tell too much: the more a row is above its group, the less
    are the others, and trees would learn to reckon back.
    """
    groups: dict[str, Group] = {}
    told = []
    fold = releases % FOLDS
    for name in KINDS:
        keys = keys_of(name, listings)
        groups[name] = Group.of(keys, values, SHRINK[name])
        of_kind = np.zeros((len(keys), 2))
        for part in range(FOLDS):
            inside = fold == part
            if inside.any() and not inside.all():
                others = Group.of(keys[~inside], values[~inside], SHRINK[name])
                of_kind[inside] = others.tells(keys[inside])
        told.append(of_kind)
    return groups, told


def _ridge(table: npt.NDArray[Any], values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return the weights of a ridge regression; the last column is the constant."""
    wide = table.astype(np.float64)
    penalty = RIDGE * np.eye(wide.shape[1])
    penalty[-1, -1] = 1e-6
    return np.linalg.solve(wide.T @ wide + penalty, wide.T @ values)


def _out_of_fold(
    table: Any,
    values: npt.NDArray[Any],
    releases: npt.NDArray[np.int64],
    solve: Callable[[Any, npt.NDArray[Any]], npt.NDArray[np.float64]],
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return what a ridge says of each row without its release, and the weights of all rows."""
    fold = releases % FOLDS
    said = np.zeros(len(values))
    for part in range(FOLDS):
        inside = fold == part
        if inside.any() and not inside.all():
            said[inside] = table[inside] @ solve(table[~inside], values[~inside])
    return said, solve(table, values)


def _sparse_ridge(table: Any, values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    weights: npt.NDArray[np.float64] = lsqr(table, values, damp=DAMP, iter_lim=STEPS)[0]
    return weights


def word_counts(listings: Sequence[Listing]) -> Any:
    """Return (N, BUCKETS) sparse, each row of unit length."""
    found = [buckets(listing) for listing in listings]
    lengths = np.array([len(one) for one in found])
    values = np.repeat(1 / np.sqrt(np.maximum(lengths, 1)), lengths)
    ends = np.concatenate([[0], np.cumsum(lengths)])
    columns = np.concatenate([np.array(one, dtype=np.int64) for one in found])
    return sparse.csr_matrix((values, columns, ends), shape=(len(found), BUCKETS))
