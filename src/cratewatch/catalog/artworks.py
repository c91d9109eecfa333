"""Groups near-identical covers (several scans of one sleeve) into artworks.

Measured on 5,775 real covers and their 228 pairs of different images of one sleeve, with the
256-bit hash: at a distance of up to 40 bits 102 of the pairs are found; of the 52 further
pairs below it nearly all are the same sleeve in another colour, the rest share a template.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

SAME_ARTWORK_BITS = 40
HASH_BYTES = 32


class ArtworkIndex:
    """Finds the artwork of a new cover by perceptual hash."""

    def __init__(self, artwork_ids: Sequence[str], hashes: npt.NDArray[np.uint8]) -> None:
        """Args: hashes: (N, 32) uint8, the packed bits of N covers."""
        self._artwork_ids = list(artwork_ids)
        self._hashes = np.array(hashes, dtype=np.uint8).reshape(-1, HASH_BYTES)

    def assign(self, cover_id: str, phash: str) -> str:
        """Return the artwork_id of the nearest known cover, or cover_id if none is near.

        The cover is known from then on.
        """
        bits = np.frombuffer(bytes.fromhex(phash), np.uint8)
        artwork_id = self._nearest(bits) or cover_id
        self._remember(artwork_id, bits)
        return artwork_id

    def _nearest(self, bits: npt.NDArray[np.uint8]) -> str | None:
        known = len(self._artwork_ids)
        if known == 0:
            return None
        distances = np.bitwise_count(self._hashes[:known] ^ bits).sum(axis=1)
        nearest = int(distances.argmin())
        return self._artwork_ids[nearest] if distances[nearest] <= SAME_ARTWORK_BITS else None

    def _remember(self, artwork_id: str, bits: npt.NDArray[np.uint8]) -> None:
        known = len(self._artwork_ids)
        if known == len(self._hashes):
            spare = np.zeros((max(256, known), HASH_BYTES), np.uint8)
            self._hashes = np.concatenate([self._hashes, spare])
        self._hashes[known] = bits
        self._artwork_ids.append(artwork_id)
