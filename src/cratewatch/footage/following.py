"""From a frame to the persons in it: detect, embed, track."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from cratewatch.footage.appearance import Embeddings, PersonEmbedder
from cratewatch.footage.detecting import PersonDetector
from cratewatch.footage.events import Event
from cratewatch.footage.frames import Frame
from cratewatch.footage.persons import Detection, TrackedPerson
from cratewatch.footage.tracker import Tracker

Spent = defaultdict[str, float]
"""Seconds of each stage."""


@dataclass(frozen=True)
class Followed:
    """The persons of a frame.

    Attributes:
        persons: Every track as it stands, by id; tentative and lost ones too.
        detections: Whatever may be a person, also what no track took.
        events: What happened to tracks.
    """

    persons: list[TrackedPerson]
    detections: list[Detection]
    events: list[Event]


class Follower:
    """Follows the persons of one footage, frame by frame.

    Attributes:
        spent_s: Seconds of each stage so far.
    """

    def __init__(
        self, detector: PersonDetector, appearance: PersonEmbedder | None, tracker: Tracker
    ) -> None:
        self._detector = detector
        self._appearance = appearance
        self._tracker = tracker
        self.spent_s: Spent = defaultdict(float)

    def follow(self, frame: Frame) -> Followed:
        """Take the next frame."""
        start = time.perf_counter()
        detections = self._detector.detect([frame.pixels])[0]
        detected = time.perf_counter()
        before = self.spent_s["appearance"]
        look = partial(self._look, frame, detections) if self._appearance else None
        persons, events = self._tracker.update(frame.number, frame.seconds, detections, look)
        self.spent_s["detect"] += detected - start
        looked_s = self.spent_s["appearance"] - before
        self.spent_s["track"] += time.perf_counter() - detected - looked_s
        return Followed(persons, detections, events)

    def end(self) -> list[Event]:
        """Return the ends of the tracks that still go on."""
        return self._tracker.end()

    def _look(
        self, frame: Frame, detections: Sequence[Detection], numbers: Sequence[int]
    ) -> Embeddings:
        assert self._appearance is not None
        start = time.perf_counter()
        looks = self._appearance.embed(frame.pixels, [detections[n].box_xyxy for n in numbers])
        self.spent_s["appearance"] += time.perf_counter() - start
        return looks
