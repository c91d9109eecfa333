"""Gathers the best pictures of each person while footage goes by; see footage.run.Output."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from cratewatch.finding.quads import Rgb
from cratewatch.footage.events import Event, EventKind
from cratewatch.footage.frames import Frame
from cratewatch.footage.persons import Box, TrackedPerson, TrackState
from cratewatch.footage.run import Seen

TALL_PX = 256
"""Height from which a person is as good as larger ones; pictures are kept no larger."""
SHARP = 120.0
"""Variance of the Laplacian of a picture that is sharp."""


@dataclass(frozen=True)
class GatheringConfig:
    """Which pictures of a person are kept.

    Attributes:
        most: Of a track.
        every_s: A person is looked at so often.
        apart_s: Between any two of them.
        least_height_px: Of a person; smaller ones are not searched for.
        most_overlap: Share of a box that others may cover.
    """

    most: int = 3
    every_s: float = 0.4
    apart_s: float = 2.0
    least_height_px: float = 48.0
    most_overlap: float = 0.5


@dataclass(frozen=True)
class PersonPicture:
    """A person in a frame.

    Attributes:
        frame: Its number.
        seconds: Its time.
        box_xyxy: In pixels of the frame.
        quality: 0 to 1; of two pictures of a track the better one is kept.
        pixels: (H, W, 3) uint8 RGB, the box alone.
    """

    frame: int
    seconds: float
    box_xyxy: Box
    quality: float
    pixels: Rgb


@dataclass(frozen=True)
class PersonTrack:
    """A person of footage, with the best pictures of him, best first."""

    track_id: int
    pictures: tuple[PersonPicture, ...]


class Gatherer:
    """Keeps the best pictures of each track, and passes them on when the track ends."""

    def __init__(
        self, keep: Callable[[PersonTrack], None], config: GatheringConfig | None = None
    ) -> None:
        """Take whom to pass tracks on to; memory holds those alone that go on."""
        self._keep = keep
        self._config = config or GatheringConfig()
        self._pictures: defaultdict[int, list[PersonPicture]] = defaultdict(list)
        self._looked_s: dict[int, float] = {}

    def write(self, seen: Seen) -> None:
        """Take a frame's persons."""
        present = [one for one in seen.persons if one.state == TrackState.CONFIRMED]
        for person in present:
            before_s = self._looked_s.get(person.track_id)
            if before_s is not None and seen.frame.seconds - before_s < self._config.every_s:
                continue
            self._looked_s[person.track_id] = seen.frame.seconds
            others = [one.box_xyxy for one in seen.persons if one is not person]
            self._look(seen.frame, person, others)
        self.write_end(seen.events)

    def write_end(self, events: Sequence[Event]) -> None:
        """Pass on the tracks that end."""
        for event in events:
            if event.kind == EventKind.TRACK_ENDED:
                self._pass_on(event.track_id)

    def close(self) -> None:
        """Pass on what is left, as of footage that was interrupted."""
        for track_id in sorted(self._pictures):
            self._pass_on(track_id)

    def _pass_on(self, track_id: int) -> None:
        self._looked_s.pop(track_id, None)
        if pictures := self._pictures.pop(track_id, []):
            self._keep(PersonTrack(track_id, tuple(pictures)))

    def _look(self, frame: Frame, person: TrackedPerson, others: Sequence[Box]) -> None:
        config = self._config
        if person.box_xyxy[3] - person.box_xyxy[1] < config.least_height_px:
            return
        covered = _covered(person.box_xyxy, others)
        if covered > config.most_overlap:
            return
        crop = _cut(frame.pixels, person.box_xyxy)
        worth = person.conf * (1 - covered) * _whole(person.box_xyxy, frame.pixels) * _clear(crop)
        kept = self._pictures[person.track_id]
        kept.append(PersonPicture(frame.number, frame.seconds, person.box_xyxy, worth, crop))
        self._pictures[person.track_id] = _best(kept, config)


def _best(pictures: Sequence[PersonPicture], config: GatheringConfig) -> list[PersonPicture]:
    """Return the best pictures, each some time from any better one."""
    best: list[PersonPicture] = []
    for one in sorted(pictures, key=lambda picture: -picture.quality):
        if all(abs(one.seconds - other.seconds) >= config.apart_s for other in best):
            best.append(one)
    return best[: config.most]


def _cut(pixels: Rgb, box: Box) -> Rgb:
    """Return a box of a frame as a picture of its own, at most TALL_PX high."""
    height, width = pixels.shape[:2]
    x1, y1 = max(0, int(box[0])), max(0, int(box[1]))
    x2, y2 = min(width, int(np.ceil(box[2]))), min(height, int(np.ceil(box[3])))
    crop = pixels[y1 : max(y1 + 1, y2), x1 : max(x1 + 1, x2)]
    if crop.shape[0] <= TALL_PX:
        return crop.copy()
    size = (max(1, round(crop.shape[1] * TALL_PX / crop.shape[0])), TALL_PX)
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)


def _covered(box: Box, others: Sequence[Box]) -> float:
    """Return how much of a box the other that covers most of it covers."""
    area = max((box[2] - box[0]) * (box[3] - box[1]), 1e-6)
    return max((_shared(box, other) / area for other in others), default=0.0)


def _shared(box: Box, other: Box) -> float:
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    return max(0.0, width) * max(0.0, height)


def _whole(box: Box, pixels: Rgb) -> float:
    """Return how much a person who touches the edge of the frame counts, and one of odd shape."""
    height, width = pixels.shape[:2]
    inside = box[0] > 1 and box[1] > 1 and box[2] < width - 1 and box[3] < height - 1
    tall = (box[3] - box[1]) / max(box[2] - box[0], 1e-6)
    return (1.0 if inside else 0.3) * (1.0 if tall >= 1.6 else 0.5)


def _clear(crop: Rgb) -> float:
    """Return how large and sharp a picture is, 0 to 1."""
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    sharp = float(cv2.Laplacian(grey, cv2.CV_32F).var())
    large = min(1.0, crop.shape[0] / TALL_PX)
    return math.sqrt(large * math.sqrt(min(1.0, sharp / SHARP)))
