"""A frame of footage, with its time."""

from __future__ import annotations

from dataclasses import dataclass

from cratewatch.finding.quads import Rgb


@dataclass(frozen=True)
class Frame:
    """A picture of a video.

    Attributes:
        number: Counted from 0 as the video is decoded.
        seconds: Since the first frame, from presentation timestamps.
        pixels: (H, W, 3) uint8 RGB, upright as a player shows it.
    """

    number: int
    seconds: float
    pixels: Rgb
