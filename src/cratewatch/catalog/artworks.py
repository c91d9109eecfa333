"""Groups near-identical covers (several scans of one sleeve) into artworks.

Measured on 5,775 real covers and their 228 pairs of different images of one sleeve, with the
256-bit hash: at a distance of up to 40 bits 102 of the pairs are found; of the 52 further
pairs below it nearly all are the same sleeve in another colour, the rest share a template. Colours
tell 9 of these apart, and none of the 102. A cover with too little in it has no hash.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cratewatch.catalog.looks import Looks, same_colours
from cratewatch.images.perceptual_hash import NOTHING_TO_SEE

SAME_ARTWORK_BITS = 40
HASH_BYTES = 32
MOST_COMPARED = 8
"""Artworks of near hashes, for a cover."""


class ArtworkIndex:
    """Finds the artwork of a new cover by perceptual hash and colours."""

    def __init__(
        self,
        artwork_ids: Sequence[str],
        hashes: npt.NDArray[np.uint8],
        looks: Looks | None = None,
    ) -> None:
        """Prepare to look for N covers.

        Args:
            artwork_ids: Of each, the cover_id of the artwork's first cover.
            hashes: (N, 32) uint8, their packed bits.
            looks: Of covers; without them hashes alone count.
        """
        self._artwork_ids = list(artwork_ids)
        self._hashes = np.array(hashes, dtype=np.uint8).reshape(-1, HASH_BYTES)
        self._looks = looks

    def assign(self, cover_id: str, phash: str) -> str:
        """Return the artwork_id of the nearest known cover, or cover_id if none is near.

        The cover is known from then on. One with too little in it is an artwork of its own.
        """
        if phash == NOTHING_TO_SEE:
            return cover_id
        bits = np.frombuffer(bytes.fromhex(phash), np.uint8)
        near = (artwork for artwork in self._near(bits) if self._alike(cover_id, artwork))
        artwork_id = next(near, cover_id)
        self._remember(artwork_id, bits)
        return artwork_id

    def _near(self, bits: npt.NDArray[np.uint8]) -> list[str]:
        """Return the artworks of near covers, the nearest first."""
        known = len(self._artwork_ids)
        distances = np.bitwise_count(self._hashes[:known] ^ bits).sum(axis=1)
        near = np.nonzero(distances <= SAME_ARTWORK_BITS)[0]
        order = near[np.argsort(distances[near], kind="stable")]
        return list(dict.fromkeys(self._artwork_ids[n] for n in order))[:MOST_COMPARED]

    def _alike(self, cover_id: str, artwork_id: str) -> bool:
        if self._looks is None:
            return True
        one, other = self._looks.of(cover_id), self._looks.of(artwork_id)
        return one is None or other is None or same_colours(one, other)

    def _remember(self, artwork_id: str, bits: npt.NDArray[np.uint8]) -> None:
        known = len(self._artwork_ids)
        if known == len(self._hashes):
            spare = np.zeros((max(256, known), HASH_BYTES), np.uint8)
            self._hashes = np.concatenate([self._hashes, spare])
        self._hashes[known] = bits
        self._artwork_ids.append(artwork_id)
