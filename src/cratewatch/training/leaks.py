"""Finds artworks of the training that look like held-out ones, though they count as others.

Perceptual hashes group near-identical scans into one artwork, and splits go by artwork; what the
hashes miss would be trained on and then asked. Such artworks are left out of the training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cratewatch.catalog.artworks import HASH_BYTES, SAME_ARTWORK_BITS
from cratewatch.catalog.records import Cover
from cratewatch.embedding.arrays import Embeddings
from cratewatch.errors import CratewatchError

SAME_ARTWORK_SCORE = 0.85
"""Of 5,775 real covers, by a model that shipped: 94 % of the verified pairs of one sleeve are as
alike as that, and 4 % of all covers are so to one of another artwork. Of 24 such pairs, none more
alike than 0.9, four in five show the same album all the same, in an edition that hashes miss."""
MOST_LEAKS = 0.1
FEW_LEAKS = 4
"""So many say nothing of a catalog, however small it is: some albums do look alike."""
BLOCK = 512


@dataclass(frozen=True)
class Leak:
    """A cover of the training, the held-out one that it looks like, and what told."""

    cover_id: str
    held_out_id: str
    found_by: str


def leaks_by_hash(train: Sequence[Cover], held_out: Sequence[Cover]) -> list[Leak]:
    """Find covers whose perceptual hashes differ by SAME_ARTWORK_BITS at most."""
    ours, theirs = _hashes(train), _hashes(held_out)
    found: list[Leak] = []
    for number, bits in enumerate(ours):
        distances = np.bitwise_count(theirs ^ bits).sum(axis=1)
        if len(distances) and distances.min() <= SAME_ARTWORK_BITS:
            other = held_out[int(distances.argmin())].cover_id
            found.append(Leak(train[number].cover_id, other, f"hash, {distances.min()} bits"))
    return found


def leaks_by_embedding(
    train: Sequence[str], vectors: Embeddings, held_out: Sequence[str], others: Embeddings
) -> list[Leak]:
    """Find covers whose embeddings (N, D), (M, D) have a cosine of SAME_ARTWORK_SCORE or more."""
    found: list[Leak] = []
    if not train or not held_out:
        return found
    for start in range(0, len(train), BLOCK):
        scores = vectors[start : start + BLOCK] @ others.T
        best = scores.argmax(axis=1)
        for row in np.flatnonzero(scores.max(axis=1) >= SAME_ARTWORK_SCORE):
            score = scores[row, best[row]]
            other = held_out[int(best[row])]
            found.append(Leak(train[start + int(row)], other, f"embedding, score {score:.2f}"))
    return found


def refuse_leaks(train: Sequence[Cover], leaks: Sequence[Leak]) -> list[Cover]:
    """Leave out every artwork that leaks.

    Raises:
        CratewatchError: if that are more than MOST_LEAKS of all, and not just a few: then the
            catalog is not grouped by artwork.
    """
    of_cover = {cover.cover_id: cover.artwork_id for cover in train}
    refused = {of_cover[leak.cover_id] for leak in leaks}
    artworks = set(of_cover.values())
    if len(refused) > max(MOST_LEAKS * len(artworks), FEW_LEAKS):
        first = leaks[0]
        raise CratewatchError(
            f"training: {len(refused)} of {len(artworks)} artworks look like held-out ones, such "
            f"as cover {first.cover_id} like {first.held_out_id} ({first.found_by}); the catalog "
            "is not grouped by artwork: import its covers again"
        )
    return [cover for cover in train if cover.artwork_id not in refused]


def _hashes(covers: Sequence[Cover]) -> npt.NDArray[np.uint8]:
    bits = [np.frombuffer(bytes.fromhex(cover.phash), np.uint8) for cover in covers]
    return np.array(bits, dtype=np.uint8).reshape(len(bits), HASH_BYTES)
