"""Colours of what figures wear, drawn from where each colour's name lies in CIELAB."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.words.attributes import Colour

Paint = npt.NDArray[np.float32]
"""(3,) RGB, 0 to 1."""
Range = tuple[float, float]
RANGES: Mapping[Colour, tuple[Range, Range, Range]] = {
    "black": ((2, 20), (0, 6), (0, 360)),
    "grey": ((25, 55), (0, 6), (0, 360)),
    "white": ((65, 95), (0, 7), (0, 360)),
    "red": ((22, 50), (35, 70), (15, 42)),
    "orange": ((45, 70), (45, 75), (48, 72)),
    "yellow": ((60, 88), (40, 80), (80, 105)),
    "green": ((20, 60), (15, 50), (110, 190)),
    "blue": ((15, 55), (14, 50), (235, 300)),
    "purple": ((18, 50), (18, 45), (305, 335)),
    "pink": ((50, 78), (22, 50), (335, 378)),
    "brown": ((18, 55), (10, 32), (48, 90)),
}
"""Lightness, chroma and degrees of hue of cloth, whose folds are darker than a colour card."""
SKIN = ((35, 75), (18, 32), (45, 60))


def paint(colour: Colour, rng: np.random.Generator) -> Paint:
    """Return a shade of a colour."""
    return _drawn(RANGES[colour], rng)


def skin(rng: np.random.Generator) -> Paint:
    """Return a colour of skin."""
    return _drawn(SKIN, rng)


def _drawn(ranges: tuple[Range, Range, Range], rng: np.random.Generator) -> Paint:
    light, chroma, degrees = (rng.uniform(*one) for one in ranges)
    hue = np.radians(degrees)
    lab = np.array([[[light, chroma * np.cos(hue), chroma * np.sin(hue)]]], np.float32)
    return np.asarray(np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)[0, 0], 0, 1), np.float32)
