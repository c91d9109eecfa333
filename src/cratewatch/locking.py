"""Lets one process at a time write into a home."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from cratewatch.errors import CratewatchError

LOCK_NAME = "writer.lock"


@contextlib.contextmanager
def one_writer(home: Path) -> Iterator[None]:
    """Hold the home's lock for the duration of the block; it ends with the process.

    Raises:
        CratewatchError: if another process holds it.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / LOCK_NAME).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CratewatchError(
                f"{home}: another refresh or import is running; try again when it has ended"
            ) from error
        yield
