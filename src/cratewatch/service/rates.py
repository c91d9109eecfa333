"""How often each may ask, counted by all processes of a home on a machine together."""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from cratewatch.errors import CratewatchError

SLOT = struct.Struct("<16sdd")
"""Whose bucket it is, what is left in it, and when that was."""
ROW = 8
"""Slots in which a bucket may lie; of more, the one that was asked last longest ago goes."""
ROWS = 512


class Rates:
    """A bucket for each who asks; it fills by the minute.

    The file is read and written under a lock, in microseconds. Its times are of a clock that all
    processes of a machine share and that nobody sets; when that begins anew, buckets fill from
    there on.
    """

    def __init__(self, file: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Open the file, or make it.

        Raises:
            CratewatchError: if it cannot be written.
        """
        self._clock = clock
        try:
            self._file = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.posix_fallocate(self._file, 0, SLOT.size * ROW * ROWS)  # a full disk is told now
        except OSError as error:
            raise CratewatchError(
                f"serve: {file}: {error.strerror}; what each key asks is counted there, make it "
                "writable"
            ) from error

    def take(self, who: str, per_min: int) -> float:
        """Take one; return 0, or in how many seconds there is one again."""
        digest = hashlib.sha256(who.encode()).digest()
        row = int.from_bytes(digest[16:20]) % ROWS * ROW * SLOT.size
        with self._held():
            slots = list(SLOT.iter_unpack(os.pread(self._file, ROW * SLOT.size, row)))
            now = self._clock()
            number, left, at = _bucket(slots, digest[:16], float(per_min), now)
            left = min(float(per_min), left + max(0.0, now - at) * per_min / 60)
            wait_s = 0.0 if left >= 1 else (1 - left) * 60 / per_min
            kept = SLOT.pack(digest[:16], left - 1 if left >= 1 else left, now)
            os.pwrite(self._file, kept, row + number * SLOT.size)
        return wait_s

    @contextmanager
    def _held(self) -> Iterator[None]:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _bucket(
    slots: list[tuple[bytes, float, float]], whose: bytes, full: float, now: float
) -> tuple[int, float, float]:
    """Return the slot of a bucket, what was left in it and when: a full one, if it is new."""
    for number, (owner, left, at) in enumerate(slots):
        if owner == whose:
            return number, left, at
    # What is dated later than now is from before the machine started: nobody asks for it.
    oldest = min(range(ROW), key=lambda number: slots[number][2] if slots[number][2] <= now else -1)
    return oldest, full, now
