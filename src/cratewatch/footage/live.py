"""A camera's stream, which is called again when it breaks off."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cratewatch.errors import UnavailableError
from cratewatch.footage.frames import Frame
from cratewatch.footage.video import TIMEOUT_S, Video, fitted
from cratewatch.secret_url import SecretUrl

FIRST_WAIT_S, MOST_WAIT_S = 0.5, 30.0
"""Before a camera that is away is called again; each wait is twice the one before."""
STEADY_S = 10.0
"""A stream that lasts so long is well again: the next wait is the first."""


@dataclass(frozen=True)
class Calling:
    """How a camera is called.

    Attributes:
        timeout_s: After which a stream that says nothing has broken off.
        again_s: How long one that is away is called again and again; 0: it is not.
        from_start: Whether that holds for a camera that is not there in the first place, too.
        stopped: Once it is set nobody waits for a camera any longer.
    """

    timeout_s: float = TIMEOUT_S
    again_s: float = 0.0
    from_start: bool = False
    stopped: threading.Event = field(default_factory=threading.Event)


def open_video(where: str | SecretUrl, calling: Calling) -> Video:
    """Open a stream, and wait for a camera that is away if it is to be waited for.

    Raises:
        UnavailableError: if it stays away.
        CratewatchError: if it is there, and lets nobody in or has no pictures.
    """
    try:
        return Video(where, calling.timeout_s)
    except UnavailableError as error:
        if not calling.from_start:
            raise
        return _Waiting(where, calling).call(error)


class LiveStream:
    """A stream that comes as it happens; see sources.Source.

    Attributes:
        reconnects: How often it broke off and came back.
    """

    is_live = True
    expected: int | None = None

    def __init__(self, where: str | SecretUrl, video: Video, calling: Calling) -> None:
        """Take a video that is open."""
        self.name = video.name
        self.files: Sequence[Path] = ()
        self.rate_fps = video.rate_fps
        self.width_px, self.height_px = video.width_px, video.height_px
        self.notes: list[str] = []
        self.reconnects = 0
        self._video = video
        self._waiting = _Waiting(where, calling)
        self._stopped = calling.stopped
        self._away_s = 0.0

    def frames(self) -> Iterator[Frame]:
        """Yield the frames; numbers go on after a break, and times tell how long it lasted."""
        started, number, seconds = time.monotonic(), 0, 0.0
        while True:
            broke: UnavailableError | None = None
            opened = time.monotonic()
            try:
                for frame in self._video.frames(number, seconds):
                    yield sized(frame, self.width_px, self.height_px)
                    number, seconds = frame.number + 1, frame.seconds + 1 / self.rate_fps
            except UnavailableError as error:
                broke = error
            self._note(self._video.notes)
            if self._stopped.is_set() or not self._waiting.waits:
                if broke is None or self._stopped.is_set():
                    return
                raise broke
            if time.monotonic() - opened > STEADY_S:
                self._waiting.begin_anew()
            if not self._reopen(broke or UnavailableError(f"{self.name}: the stream ended")):
                return
            seconds = max(seconds, time.monotonic() - started)

    def _reopen(self, broke: UnavailableError) -> bool:
        """Call the camera until it is there; return whether it is, before somebody stopped it."""
        gone = time.monotonic()
        try:
            self._video = self._waiting.call(broke)
        except UnavailableError:
            if self._stopped.is_set():
                return False
            raise
        self.reconnects += 1
        self._away_s += time.monotonic() - gone
        return True

    def _note(self, said: Sequence[str]) -> None:
        self.notes += (note for note in said if note not in self.notes)

    def close(self) -> None:
        """Let go of it, from any thread: whoever reads it ends soon."""
        self._stopped.set()
        if self.reconnects:
            times = "once" if self.reconnects == 1 else f"{self.reconnects} times"
            self._note([f"broke off {times}, and was away for {self._away_s:.1f} s in all"])


class _Waiting:
    """Calls a camera that is away, ever more seldom."""

    def __init__(self, where: str | SecretUrl, calling: Calling) -> None:
        self._where = where
        self._calling = calling
        self._wait_s = FIRST_WAIT_S
        self.waits = calling.again_s > 0

    def begin_anew(self) -> None:
        self._wait_s = FIRST_WAIT_S

    def call(self, why: UnavailableError) -> Video:
        """Return the camera's video; raise UnavailableError at the end of all patience."""
        end = time.monotonic() + self._calling.again_s
        while time.monotonic() < end:
            # All cameras of a switch come back at once, and need not be called at once.
            if self._calling.stopped.wait(self._wait_s * random.uniform(0.8, 1.2)):
                break
            self._wait_s = min(2 * self._wait_s, MOST_WAIT_S)
            try:
                return Video(self._where, self._calling.timeout_s)
            except UnavailableError as error:
                why = error
        raise why


def sized(frame: Frame, width: int, height: int) -> Frame:
    """Return a frame fitted into a size."""
    if frame.pixels.shape[:2] == (height, width):
        return frame
    return Frame(frame.number, frame.seconds, fitted(frame.pixels, width, height))
