"""Which frames are looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cratewatch.footage.frames import Frame

ENOUGH_FPS = 12.5
"""Persons walk a tenth of their height between two such frames; half of 25 a second."""


def chosen_every(rate_fps: float) -> int:
    """Return which of the frames of a rate are looked at: every one, or every second, ..."""
    return max(1, int(rate_fps / ENOUGH_FPS))


def every(frames: Iterable[Frame], nth: int) -> Iterator[Frame]:
    """Yield each nth frame; numbers and times stay those of the footage."""
    return (frame for frame in frames if frame.number % nth == 0)
