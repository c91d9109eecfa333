"""What Ray's own core says on standard error, past Python and for twenty seconds."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator

STDERR = 2


@contextlib.contextmanager
def words_of_ray() -> Iterator[Callable[[], str]]:
    """Keep what is written to standard error in the block, also by C++.

    The block gets a function that returns it so far. Nothing of it is shown.
    """
    sys.stderr.flush()
    shown = os.dup(STDERR)
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), STDERR)
        try:
            yield lambda: os.pread(kept.fileno(), os.fstat(kept.fileno()).st_size, 0).decode(
                errors="replace"
            )
        finally:
            sys.stderr.flush()
            os.dup2(shown, STDERR)
            os.close(shown)
