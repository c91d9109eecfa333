"""Draws sleeves that are held, with their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.finding.quads import Quad, Rgb
from cratewatch.footage.drawing import Colour, draw_label
from cratewatch.footage.sleeve_names import Identity

KNOWN: Colour = (70, 220, 90)
UNKNOWN: Colour = (250, 200, 50)
LETTERS = 40


def draw_sleeve(canvas: Rgb, quad: Quad, identity: Identity) -> None:
    """Draw a quad, in place, and above it what is known of it."""
    colour = KNOWN if identity.known else UNKNOWN
    outline = np.rint(quad).astype(np.int32)
    cv2.polylines(canvas, [outline], isClosed=True, color=colour, thickness=2)
    top = quad[quad[:, 1].argmin()]
    draw_label(
        canvas, (round(float(quad[:, 0].min())), round(float(top[1]))), _name(identity), colour
    )


@dataclass(frozen=True)
class Shown:
    """A sleeve as a frame showed it: it may be kept where the person about it is hidden.

    Attributes:
        place: Rows and columns of the frame about it.
        pixels: What they showed, (h, w, 3).
        inside: (h, w) bool, where that is the sleeve.
    """

    place: tuple[slice, slice]
    pixels: Rgb
    inside: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, frame: Rgb, quad: Quad) -> Self:
        """Cut a sleeve out of a frame."""
        tall, wide = frame.shape[:2]
        low = np.floor(quad.min(axis=0)).astype(int).clip(0, (wide, tall))
        high = np.ceil(quad.max(axis=0)).astype(int).clip(0, (wide, tall))
        place = slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))
        mask = np.zeros((int(high[1] - low[1]), int(high[0] - low[0])), np.uint8)
        if mask.size:
            cv2.fillConvexPoly(mask, np.rint(quad - low).astype(np.int32), 1)
        return cls(place, frame[place].copy(), mask > 0)

    def lay(self, canvas: Rgb) -> None:
        """Show it, in place."""
        canvas[self.place][self.inside] = self.pixels[self.inside]


def _name(identity: Identity) -> str:
    if not identity.known or identity.match is None:
        return "unknown"
    releases = identity.match.releases
    title = releases[0].title if releases else identity.match.cover_id[:8]
    chance = "" if identity.probability is None else f" {identity.probability:.0%}"
    return title[:LETTERS] + chance
