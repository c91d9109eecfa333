"""What detection and tracking say of the persons in a frame."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Box = tuple[float, float, float, float]
"""x1, y1, x2, y2 in pixels of the frame."""


@dataclass(frozen=True)
class Detection:
    """A person that the detector sees in a frame, with its confidence, 0 to 1."""

    box_xyxy: Box
    conf: float


class TrackState(StrEnum):
    """What is known of a track in a frame."""

    TENTATIVE = "tentative"
    CONFIRMED = "confirmed"
    LOST = "lost"


@dataclass(frozen=True)
class TrackedPerson:
    """A track in a frame: where it is seen, or of a lost one where it is expected.

    Attributes:
        track_id: Stays with the person.
        box_xyxy: In pixels of the frame; of a lost one it may leave the frame.
        conf: Of this frame's detection; 0 of a lost one.
        state: What is known of it.
    """

    track_id: int
    box_xyxy: Box
    conf: float
    state: TrackState
