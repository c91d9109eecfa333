"""Interrupts that are not lost, wherever they come."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def remembered_interrupts(stopped: threading.Event) -> Iterator[None]:
    """Set an event on Ctrl-C and SIGTERM, beside raising KeyboardInterrupt.

    One that is raised in a callback of a library, or while an object is let go of, is printed or
    dropped, and whatever runs goes on. Use it in the main thread.
    """

    def stop(_signal: int, _frame: object) -> None:
        stopped.set()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
