"""Keeps NumPy's products of matrices to one thread while pictures are identified."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from threadpoolctl import threadpool_limits

_lock = threading.Lock()
_holders: list[object] = []
_limits: list[threadpool_limits] = []


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Have BLAS use one thread until the last of all blocks, in whatever order they end, is over.

    The products are small: what more threads gain is less than they burn while they wait for the
    next one, on cores that the other steps want. The limit is the process's, and a service opens
    the next model before it closes the last.
    """
    holder = object()
    with _lock:
        if not _holders:
            _limits.append(threadpool_limits(1, user_api="blas"))
        _holders.append(holder)
    try:
        yield
    finally:
        with _lock:
            _holders.remove(holder)
            if not _holders:
                _limits.pop().restore_original_limits()
