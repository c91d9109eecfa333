"""A track: where a person is, where he goes and what he looks like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cratewatch.footage.persons import Box, Detection

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True)
class TrackerConfig:
    """How persons are followed; chosen on frames 1 to 200 of PETS09-S2L1.

    Attributes:
        conf: What a user takes for a person. Detections from 0.10 above it continue any track,
            below it those that are in sight; 0.20 above it they begin one: at 0.40 itself a fifth
            of YOLOX-nano's persons are none.
        reid_thresh: Cosine from which one who was lost is known again wherever he comes back;
            where he can have walked to, `near_similarity` is enough.
        max_age_s: How long one who is lost can be known again.
        buffer: By what share of themselves boxes are grown before they are compared.
        buffer_growth: More of it for each second in which a track was not seen.
        most_buffer: Of both together.
        overlap_weight: Against that of appearance, in the score of a pair.
        least_score: Of a pair that is one.
        least_overlap: Of a pair that is one, where appearance is not compared.
        plain_overlap: From there on, one who overlaps nobody else is himself.
        look_every_s: Even he is looked at so often.
        near_similarity: See reid_thresh.
        walking_heights_s: How many times his own height a person may walk in a second.
        confirmed_after: Detections that make a track a person.
        tentative_s: Unseen for so long, what is not yet a person is forgotten.
        lost_event_s: Unseen for so long, or for half of max_age_s, a track is told as lost.
        memory: Share of the past in what a track is known to look like.
        velocity_memory: Share of the past in where it goes, after a second.
        believed_s: For so long one who is out of sight is believed to walk on.
    """

    conf: float = 0.40
    reid_thresh: float = 0.60
    max_age_s: float = 4.0
    buffer: float = 0.1
    buffer_growth: float = 0.2
    most_buffer: float = 1.5
    overlap_weight: float = 0.5
    least_score: float = 0.25
    least_overlap: float = 0.5
    plain_overlap: float = 0.5
    look_every_s: float = 0.5
    near_similarity: float = 0.40
    walking_heights_s: float = 1.2
    confirmed_after: int = 3
    tentative_s: float = 0.8
    lost_event_s: float = 1.0
    memory: float = 0.9
    velocity_memory: float = 0.3
    believed_s: float = 1.5

    @property
    def associate_from(self) -> float:
        """Confidence of a detection that continues any track."""
        return min(0.95, self.conf + 0.10)

    @property
    def start_from(self) -> float:
        """Confidence of a detection that begins a track."""
        return min(0.95, self.conf + 0.20)


class Track:
    """A person so far.

    Attributes:
        box: Where he was seen last, (4,).
        appearance: What he looks like, (D,) of unit length.
        looked_s: When he was last looked at for that.
        is_confirmed: Whether it is a person.
        is_told_lost: Whether it was told as lost, and not yet as recovered.
    """

    def __init__(
        self, track_id: int, seen: Detection, seconds: float, appearance: Vector | None
    ) -> None:
        self.track_id = track_id
        self.box: Vector = np.array(seen.box_xyxy, np.float32)
        self.conf = seen.conf
        self.seen_s = seconds
        self.appearance = appearance
        self.looked_s = seconds
        self.velocity: Vector = np.zeros(4, np.float32)
        self.hits = 1
        self.is_confirmed = False
        self.is_told_lost = False

    @property
    def box_xyxy(self) -> Box:
        """Where he was seen last."""
        return as_box(self.box)

    @property
    def height_px(self) -> float:
        """Of the box."""
        return float(self.box[3] - self.box[1])

    def expected(self, seconds: float, believed_s: float) -> Vector:
        """Return the box (4,) at a later time."""
        return self.box + self.velocity * min(seconds - self.seen_s, believed_s)

    def take(self, seen: Detection, seconds: float, config: TrackerConfig) -> None:
        """Go on with a detection."""
        box = np.array(seen.box_xyxy, np.float32)
        passed = max(seconds - self.seen_s, 1e-3)
        kept = config.velocity_memory**passed
        moved = (box + box[[2, 3, 0, 1]] - self.box - self.box[[2, 3, 0, 1]]) / 2  # its centre
        self.velocity = kept * self.velocity + (1 - kept) * moved / passed
        self.box, self.conf, self.seen_s = box, seen.conf, seconds
        self.hits += 1

    def look_like(self, embedding: Vector, memory: float) -> None:
        """Remember how he looks now."""
        self.looked_s = self.seen_s
        if self.appearance is None:
            self.appearance = embedding
            return
        mixed = memory * self.appearance + (1 - memory) * embedding
        length = max(float(np.linalg.norm(mixed)), 1e-9)
        self.appearance = np.asarray(mixed / length, np.float32)

    def go_on_as(self, newer: Track) -> None:
        """Become another track that turned out to be the same person."""
        self.box, self.conf, self.seen_s = newer.box, newer.conf, newer.seen_s
        self.velocity = newer.velocity
        self.hits += newer.hits
        if newer.appearance is not None:
            self.look_like(newer.appearance, 0.5)

    def can_reach(self, other: Track, heights_s: float) -> bool:
        """Whether he can have walked to where another track began; both by their feet."""
        foot, there = (np.array([(b[0] + b[2]) / 2, b[3]]) for b in (self.box, other.box))
        height = max(self.height_px, other.height_px)
        reach = height * (0.5 + heights_s * max(0.0, other.seen_s - self.seen_s))
        return float(np.linalg.norm(there - foot)) <= reach


def as_box(box: Vector) -> Box:
    """Return a box (4,) as plain numbers."""
    x1, y1, x2, y2 = (float(value) for value in box)
    return x1, y1, x2, y2
