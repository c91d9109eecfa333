"""Draws persons' boxes, numbers and states."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import cv2
import numpy as np

from cratewatch.finding.quads import Rgb
from cratewatch.footage.persons import TrackedPerson, TrackState

Colour = tuple[int, int, int]
COLOURS: tuple[Colour, ...] = (
    *((230, 80, 60), (60, 160, 230), (240, 190, 40), (90, 190, 90), (170, 100, 220)),
    *((240, 130, 180), (40, 190, 190), (200, 150, 100), (150, 200, 40), (120, 130, 240)),
)
GREY: Colour = (150, 150, 150)
FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_persons(canvas: Rgb, persons: Sequence[TrackedPerson]) -> None:
    """Draw every track, in place: tentative ones thin, lost ones grey where they are expected."""
    for person in persons:
        lost = person.state == TrackState.LOST
        colour = GREY if lost else COLOURS[person.track_id % len(COLOURS)]
        x1, y1, x2, y2 = (round(value) for value in person.box_xyxy)
        thickness = 2 if person.state == TrackState.CONFIRMED else 1
        cv2.rectangle(canvas, (x1, y1), (x2, y2), colour, thickness)
        said = f"{person.track_id}"
        if person.state != TrackState.CONFIRMED:
            said += f" {person.state}"
        draw_label(canvas, (x1, y1), said, colour)


def draw_label(canvas: Rgb, corner: tuple[int, int], said: str, colour: Colour) -> None:
    """Write above a point, in place, on a ground of a colour; letters lose their marks."""
    scale = max(0.4, canvas.shape[0] / 1400)
    letters = plain_letters(said)
    (width, height), below = cv2.getTextSize(letters, FONT, scale, 1)
    x = int(np.clip(corner[0], 0, max(0, canvas.shape[1] - width - 4)))
    y = int(np.clip(corner[1], height + below + 2, canvas.shape[0]))
    cv2.rectangle(canvas, (x, y - height - below - 2), (x + width + 4, y), colour, cv2.FILLED)
    black = (0, 0, 0)
    cv2.putText(canvas, letters, (x + 2, y - below), FONT, scale, black, 1, cv2.LINE_AA)


def plain_letters(said: str) -> str:
    """Return a text in the letters of OpenCV's fonts, ASCII; "?" for what has no such letter."""
    parts = unicodedata.normalize("NFKD", said)
    bare = "".join(letter for letter in parts if not unicodedata.combining(letter))
    return bare.encode("ascii", "replace").decode()
