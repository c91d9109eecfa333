"""Which frames are looked at."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator

from cratewatch.footage.frames import Frame

ENOUGH_FPS = 12.5
"""Persons walk a tenth of their height between two such frames; half of 25 a second."""
LEAST_FPS = 5.0
"""Further apart persons are mistaken for each other, however slow the machine is."""
WINDOW_S = 4.0
"""Of footage, over which it is measured how long looking takes."""
SPARE = 0.8
"""Of the footage's time that looking at more frames may take."""


def chosen_every(rate_fps: float) -> int:
    """Return which of the frames of a rate are looked at: every one, or every second, ..."""
    return max(1, int(rate_fps / ENOUGH_FPS))


def most_every(rate_fps: float) -> int:
    """Return which of the frames are looked at at least."""
    return max(chosen_every(rate_fps), int(rate_fps / LEAST_FPS))


class Thinning:
    """Lets each nth frame through; numbers and times stay those of the footage.

    Where looking takes longer than the footage lasts it lets fewer through, until it keeps up.

    Attributes:
        read: Frames so far.
        skipped: Of them those that were not let through.
        most_used: The largest distance of two that were.
    """

    def __init__(
        self,
        frames: Iterable[Frame],
        nth: int,
        most: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take frames.

        Args:
            nth: Which are let through, at most.
            most: Which are let through at least; None: as many as at most.
            clock: Seconds, from anywhere.
        """
        self.read = self.skipped = 0
        self.most_used = nth
        self._frames = frames
        self._nth = self._least = nth
        self._most = max(nth, most or nth)
        self._clock = clock

    def __iter__(self) -> Iterator[Frame]:
        """Yield what is let through."""
        following, window = 0, (0.0, self._clock())
        for frame in self._frames:
            self.read += 1
            if frame.number < following:
                self.skipped += 1
                continue
            window = self._adapt(frame.seconds, *window)
            following = frame.number + self._nth
            yield frame

    def _adapt(self, seconds: float, since_s: float, since: float) -> tuple[float, float]:
        """Look whether it keeps up; return the beginning of the window in footage and time."""
        lasted_s = seconds - since_s
        if self._most == self._least or lasted_s < WINDOW_S:
            return since_s, since
        now = self._clock()
        load = (now - since) / lasted_s
        if load > 1:
            self._nth = min(self._most, max(self._nth + 1, math.ceil(self._nth * load)))
        elif self._nth > self._least and load * self._nth < SPARE * (self._nth - 1):
            self._nth -= 1
        self.most_used = max(self.most_used, self._nth)
        return seconds, now
