"""The way of footage: frames in, persons and what others see in them, files out."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Protocol

from cratewatch.finding.quads import Rgb
from cratewatch.footage.drawing import draw_persons
from cratewatch.footage.events import Event, EventKind
from cratewatch.footage.following import Followed, Follower, Spent
from cratewatch.footage.frames import Frame
from cratewatch.footage.hiding import PersonHider
from cratewatch.footage.persons import TrackedPerson


class Observer(Protocol):
    """Looks at what persons do. Frames come in order, each once."""

    def see(self, frame: Frame, persons: Sequence[TrackedPerson]) -> Sequence[Event]:
        """Take a frame and every track as it stands in it; return what happened."""

    def draw(self, canvas: Rgb, frame: Frame) -> None:
        """Draw on the picture that is kept, (H, W, 3), of the frame that was just seen.

        Persons on it are already hidden, unless they are not to be; the frame has them as they are.
        """

    def end(self) -> Sequence[Event]:
        """Take note that no frame follows, also after an interruption; return what that ends."""


@dataclass(frozen=True)
class Seen:
    """What one frame came to.

    Attributes:
        frame: As it was read: nothing of it may be kept.
        persons: Every track as it stands.
        events: In the order in which they happened.
        canvas: The picture that may be kept; None where nobody asked for one.
    """

    frame: Frame
    persons: Sequence[TrackedPerson]
    events: Sequence[Event]
    canvas: Rgb | None


class Output(Protocol):
    """Keeps or shows what was seen."""

    def write(self, seen: Seen) -> None:
        """Take a frame's."""

    def write_end(self, events: Sequence[Event]) -> None:
        """Take what the end of the footage ends."""

    def close(self) -> None:
        """Leave whole what is written."""


@dataclass
class Summary:
    """What a run came to so far.

    Attributes:
        taken: Frames that were to be looked at: one more than were, if the last look was cut short.
        frames: That were looked at.
        seconds: From the first of them to the last.
        persons: Tracks that were confirmed.
        events: How often each kind happened.
        spent_s: Seconds of each stage.
        wall_s: Seconds of all.
    """

    taken: int = 0
    frames: int = 0
    seconds: float = 0.0
    persons: int = 0
    events: Counter[str] = field(default_factory=Counter)
    spent_s: Spent = field(default_factory=lambda: defaultdict(float))
    wall_s: float = 0.0

    @property
    def frames_per_s(self) -> float:
        """How fast it went."""
        return self.frames / self.wall_s if self.wall_s else 0.0


class Painter:
    """Makes the picture of a frame that may be kept."""

    def __init__(
        self, observers: Sequence[Observer] = (), hider: PersonHider | None = None
    ) -> None:
        """Take what draws.

        Args:
            observers: Draw in their order, over the persons' boxes.
            hider: Makes persons unknown; None leaves them as they are.
        """
        self._observers = observers
        self._hider = hider

    def paint(self, frame: Frame, followed: Followed) -> Rgb:
        """Return a picture of its own."""
        canvas = frame.pixels.copy()
        if self._hider:
            self._hider.hide(canvas, frame.seconds, followed)
        draw_persons(canvas, followed.persons)
        for observer in self._observers:
            observer.draw(canvas, frame)
        return canvas


class FootageRun:
    """One way through footage.

    Attributes:
        summary: What it came to so far.
    """

    def __init__(
        self,
        follower: Follower,
        observers: Sequence[Observer] = (),
        outputs: Sequence[Output] = (),
        painter: Painter | None = None,
    ) -> None:
        """Take what looks and what writes.

        Args:
            follower: Tells the persons.
            observers: See in their order.
            outputs: Write in their order, and are closed at the end.
            painter: Where outputs want pictures.
        """
        self._follower = follower
        self._observers = observers
        self._outputs = outputs
        self._painter = painter
        self._started = time.perf_counter()
        self._first_s: float | None = None
        self.summary = Summary(spent_s=follower.spent_s)

    def run(self, frames: Iterable[Frame]) -> Summary:
        """Look at every frame; what was seen is written whole, whatever ends it: Ctrl-C, too.

        Raises:
            CratewatchError: if the footage breaks off.
            OSError: if an output cannot be written.
        """
        with ExitStack() as stack:
            for output in self._outputs:
                stack.callback(output.close)
            stack.callback(self._end)
            for frame in self._timed(frames):
                self._look(frame)
        return self.summary

    def _timed(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Yield frames, and count the time in which they are read."""
        rest = iter(frames)
        while True:
            start = time.perf_counter()
            frame = next(rest, None)
            self.summary.spent_s["read"] += time.perf_counter() - start
            if frame is None:
                return
            self.summary.taken += 1
            yield frame

    def _look(self, frame: Frame) -> None:
        followed = self._follower.follow(frame)
        events = [*followed.events]
        start = time.perf_counter()
        for observer in self._observers:
            events += observer.see(frame, followed.persons)
        seen_s = time.perf_counter()
        canvas = self._painter.paint(frame, followed) if self._painter else None
        for output in self._outputs:
            output.write(Seen(frame, followed.persons, events, canvas))
        self.summary.spent_s["observe"] += seen_s - start
        self.summary.spent_s["write"] += time.perf_counter() - seen_s
        self._count(frame, events)

    def _count(self, frame: Frame, events: Sequence[Event]) -> None:
        summary = self.summary
        self._first_s = frame.seconds if self._first_s is None else self._first_s
        summary.frames += 1
        summary.seconds = frame.seconds - self._first_s
        self._count_events(events)

    def _count_events(self, events: Sequence[Event]) -> None:
        self.summary.events.update(str(event.kind) for event in events)
        self.summary.persons = self.summary.events[EventKind.TRACK_STARTED]
        self.summary.wall_s = time.perf_counter() - self._started

    def _end(self) -> None:
        events = [*self._follower.end()]
        for observer in self._observers:
            events += observer.end()
        for output in self._outputs:
            output.write_end(events)
        self._count_events(events)
