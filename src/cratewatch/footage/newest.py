"""Of frames that come faster than they are looked at, the newest; the others are counted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from cratewatch.footage.frames import Frame


class Newest:
    """Reads in a thread of its own, and keeps one frame.

    Attributes:
        dropped: Frames that nobody looked at.
    """

    def __init__(self, frames: Iterable[Frame], stop: Callable[[], None] = lambda: None) -> None:
        """Take frames, and what ends the wait for the next one, called by another thread."""
        self.dropped = 0
        self._frames = frames
        self._stop = stop
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._is_over = self._is_stopped = False

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames until there are no more; raise what reading them raised."""
        try:
            with ThreadPoolExecutor(1, thread_name_prefix="newest-frame") as pool:
                reading = pool.submit(self._read)
                try:
                    while (frame := self._take()) is not None:
                        yield frame
                finally:
                    self._is_stopped = True
                    self._stop()
                reading.result()
        finally:
            self.dropped += self._frame is not None

    def _take(self) -> Frame | None:
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None or self._is_over)
            frame, self._frame = self._frame, None
            return frame

    def _read(self) -> None:
        try:
            for frame in self._frames:
                self._put(frame)
                if self._is_stopped:
                    return
        finally:
            with self._changed:
                self._is_over = True
                self._changed.notify()

    def _put(self, frame: Frame) -> None:
        with self._changed:
            self.dropped += self._frame is not None
            self._frame = frame
            self._changed.notify()
