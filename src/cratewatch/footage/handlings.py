"""A handling: one person with one sleeve from pick-up to put-back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Handling:
    """One person with one sleeve.

    Attributes:
        handling_id: Counted from 1 in a run.
        track_id: The person's.
        started_s: First seen, in seconds of the video.
        ended_s: Last seen.
        cover_id: The cover that the frames voted for; None where nothing was named.
        artwork_id: Its artwork.
        probability: That it is this artwork, 0 to 1; None without calibration.
        known: Whether the identity is believed.
        frames: In how many frames the sleeve was seen.
        best_frame: Number of the frame in which it is seen best.
    """

    handling_id: int
    track_id: int
    started_s: float
    ended_s: float
    cover_id: str | None
    artwork_id: str | None
    probability: float | None
    known: bool
    frames: int
    best_frame: int

    @property
    def seconds(self) -> float:
        """How long the person had it."""
        return self.ended_s - self.started_s
