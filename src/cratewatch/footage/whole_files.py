"""Files that grow piece by piece, and hold whole pieces whatever ends them."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path


class WholeFile:
    """A file to which each piece is written at once, all of it or nothing."""

    def __init__(self, path: Path) -> None:
        """Begin it anew.

        Raises:
            OSError: if it cannot be written, here and later; what was written before is whole.
        """
        self._file = path.open("wb", buffering=0)

    def write(self, piece: bytes) -> None:
        """Add a piece."""
        end, rest = self._file.tell(), memoryview(piece)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:  # a full disk, which may have taken a part of it
            with contextlib.suppress(OSError):  # a device has no end
                self._file.truncate(end)
            self._file.seek(end)
            raise

    def write_rows(self, rows: Iterable[Sequence[object]]) -> None:
        """Add lines of CSV."""
        lines = io.StringIO(newline="")
        csv.writer(lines, lineterminator="\n").writerows(rows)
        self.write(lines.getvalue().encode())

    def close(self) -> None:
        """Let go of it."""
        self._file.close()
