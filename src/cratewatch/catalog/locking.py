"""Lets one process at a time hold a file's lock."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from cratewatch.errors import ANOTHER_WRITES, BusyError


@contextlib.contextmanager
def hold_lock(path: Path, what: str = ANOTHER_WRITES) -> Iterator[None]:
    """Hold the lock of a file, made if missing, for the block; it ends with the process.

    Args:
        what: To say of the process that holds it already.

    Raises:
        BusyError: if another process holds it.
    """
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(str(path.parent), what) from error
        yield
