"""Waits for what comes by itself."""

import time
from collections.abc import Callable


def until(true: Callable[[], bool], limit_s: float) -> None:
    """Wait until something is true; fail if that takes too long."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < limit_s, "it did not come"
        time.sleep(0.05)
