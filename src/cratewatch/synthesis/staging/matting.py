"""Cuts persons out of footage of a camera that does not move: what differs from the empty room."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.synthesis.pixels import Rgb
from cratewatch.synthesis.staging.cast import Figure, cut_out

DIFFERS = 26
"""By so much, of 255, a pixel differs from the empty room that shows somebody."""
LEAST_TALL = 0.6
"""Of the picture's height that a person takes who is cut out."""
LEAST_PICTURES, MOST_PICTURES = 8, 40
BORDER_PX = 4
Mask = npt.NDArray[np.uint8]


def empty_room(pictures: Sequence[Rgb]) -> Rgb:
    """Return what pictures without anybody show at each place."""
    return np.asarray(np.median(np.stack(pictures), axis=0), np.uint8)


class Matting:
    """Takes footage picture by picture and gathers whoever stands in it, whole and alone."""

    def __init__(self, room: Rgb, fps: float) -> None:
        """Know the empty room, (H, W, 3), and how many pictures a second come."""
        self._room = room
        self._fps = fps
        self._run: list[Rgb] = []
        self._figures: list[Figure] = []

    def add(self, picture: Rgb) -> None:
        """Look at the next picture."""
        mask = self._person(picture)
        if mask is not None and len(self._run) < MOST_PICTURES:
            self._run.append(np.dstack([picture, mask]))
        if mask is None:
            self._end_run()

    def figures(self) -> list[Figure]:
        """Return those who were seen for long enough, the first first."""
        self._end_run()
        return self._figures

    def _end_run(self) -> None:
        if len(self._run) >= LEAST_PICTURES:
            figure = cut_out(self._run, self._fps)
            if figure is not None:
                self._figures.append(figure)
        self._run = []

    def _person(self, picture: Rgb) -> Mask | None:
        """Return the coverage, (H, W), of the one person in a picture."""
        apart = cv2.absdiff(cv2.blur(picture, (3, 3)), cv2.blur(self._room, (3, 3)))
        differs = np.asarray((apart.max(axis=2) > DIFFERS) * np.uint8(255), np.uint8)
        cleaned = cv2.morphologyEx(differs, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        mask = cv2.morphologyEx(cleaned, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        if not outlines:
            return None
        largest = max(outlines, key=cv2.contourArea)
        x, y, wide, tall = cv2.boundingRect(largest)
        high, broad = mask.shape
        whole = x >= BORDER_PX and x + wide <= broad - BORDER_PX and y + tall <= high - BORDER_PX
        if not whole or tall < LEAST_TALL * high or wide > 0.75 * tall:
            return None
        filled = np.zeros(mask.shape, np.uint8)
        cv2.drawContours(filled, [largest], -1, 255, cv2.FILLED)
        soft = cv2.GaussianBlur(cv2.erode(filled, np.ones((3, 3), np.uint8)), (0, 0), 1.0)
        return np.asarray(soft, np.uint8)
