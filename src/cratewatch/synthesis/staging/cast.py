"""Who acts in staged footage: pictures of one person, cut out, shown one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from cratewatch.synthesis.pixels import Rgb

OPAQUE = 128
"""Alpha from which a pixel is taken for the person's."""


@dataclass(frozen=True)
class Figure:
    """A person.

    Attributes:
        pictures: (H, W, 4) uint8 RGBA each, all of one size, the feet at the bottom middle.
        fps: How many of them are shown in a second; they run to the last one and back.
    """

    pictures: tuple[Rgb, ...]
    fps: float = 10.0

    def at(self, seconds: float) -> Rgb:
        """Return the picture of a moment."""
        count = len(self.pictures)
        turn = max(1, 2 * count - 2)
        number = int(seconds * self.fps) % turn
        return self.pictures[number if number < count else turn - number]

    def scaled(self, height_px: int) -> Figure:
        """Return the person at another height."""
        tall, wide = self.pictures[0].shape[:2]
        size = (max(1, round(wide * height_px / tall)), height_px)
        shrinks = height_px < tall
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        pictures = tuple(
            np.asarray(cv2.resize(one, size, interpolation=how), np.uint8) for one in self.pictures
        )
        return Figure(pictures, self.fps)


def cut_out(pictures: Sequence[Rgb], fps: float = 10.0) -> Figure | None:
    """Return the figure of RGBA pictures of one camera, without what is empty in all of them.

    Returns:
        None if none of them shows anything.
    """
    seen = np.max([one[..., 3] for one in pictures], axis=0) >= OPAQUE
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not len(rows):
        return None
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    left, right = int(columns[0]), int(columns[-1]) + 1
    return Figure(tuple(one[top:bottom, left:right] for one in pictures), fps)
