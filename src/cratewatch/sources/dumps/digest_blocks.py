"""What the records of the dump before were, a few blocks at a time."""

from __future__ import annotations

import hashlib

from cratewatch.catalog.digests import BLOCK
from cratewatch.catalog.dumps import Dumps

AHEAD = 64  # blocks that are loaded at once: dumps are ordered by number
MOST_LOADED = 512  # blocks in memory, 8 to 40 kB each


class DigestBlocks:
    """Digests of the records of a kind; an even one is of a record that is not wanted."""

    def __init__(self, dumps: Dumps, source: str, kind: str, mark: bytes) -> None:
        """Args: mark: What tells what is wanted from what was wanted before."""
        self._dumps = dumps
        self._place = source, kind
        self._mark = mark
        self._loaded: dict[int, list[int]] = {}
        self._changed: dict[int, list[int]] = {}

    def digest(self, data: bytes) -> int:
        """Return the digest of a wanted record; 1 less is that of an unwanted one."""
        return int.from_bytes(hashlib.blake2b(data, digest_size=8, key=self._mark).digest()) | 1

    def of(self, block: int) -> list[int]:
        """Return a block, to be read; 0 is no record."""
        found = self._loaded.get(block)
        if found is None:
            if len(self._loaded) > MOST_LOADED:
                self._loaded = dict(self._changed)
            kept = self._dumps.blocks(*self._place, block, AHEAD)
            for number in range(block, block + AHEAD):
                self._loaded.setdefault(number, kept.get(number) or [0] * BLOCK)
            found = self._loaded[block]
        return found

    def set(self, block: int, entry: int, digest: int) -> None:
        """Change a digest."""
        digests = self.of(block)
        digests[entry] = digest
        self._changed[block] = digests

    @property
    def n_changed(self) -> int:
        """How many blocks changed since they were last taken."""
        return len(self._changed)

    def take_changed(self) -> dict[int, list[int]]:
        """Return the blocks that changed since the last call, to be written now."""
        changed, self._changed = self._changed, {}
        return changed
