"""Pixels, tones and colours, and how one is laid over another."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
"""(H, W, 3), RGB."""
Mask = npt.NDArray[np.uint8]
"""(H, W), 0 to 255."""
Tone = npt.NDArray[np.float32]
"""(H, W), 0 for dark to 1 for light."""
Field = npt.NDArray[np.floating | np.bool_]
"""(H, W); what is below 0 counts as 0, what is above 1 as 1."""
Colour = tuple[int, int, int]

SIDE_PX = 600
PHOTO_SIDE_PX = 300  # imitated photographs are soft: made in half size and enlarged


class Box(NamedTuple):
    """A part of the sleeve, in px from its upper left corner."""

    x: int
    y: int
    width: int
    height: int

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the box, to cut it out of a picture."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)


def filled(colour: Colour, width_px: int = SIDE_PX, height_px: int = SIDE_PX) -> Pixels:
    """Return a picture of one colour."""
    return np.full((height_px, width_px, 3), colour, np.uint8)


def lay(base: Pixels, top: Pixels | Colour, mask: Mask) -> Pixels:
    """Return base with top over it, as opaque as the mask is bright."""
    height, width = mask.shape
    upper = top if isinstance(top, np.ndarray) else filled(top, width, height)
    opacity = mask.astype(np.float32) / np.float32(255)
    return np.asarray(cv2.blendLinear(upper, base, opacity, 1 - opacity), np.uint8)


def to_mask(field: Field) -> Mask:
    """Return a mask of a field of 0 to 1."""
    return np.asarray(np.clip(field * np.float32(255), 0, 255), np.uint8)


def toned(field: Field, colours: Sequence[Colour]) -> Pixels:
    """Map dark to light along the colours, spaced evenly."""
    stops = np.linspace(0, 255, len(colours))
    table = [np.interp(np.arange(256), stops, plate) for plate in zip(*colours, strict=True)]
    inks = np.stack(table, axis=-1).astype(np.uint8)[None]
    return np.asarray(cv2.LUT(cv2.merge([to_mask(field)] * 3), inks), np.uint8)


def to_tone(pixels: Pixels) -> Tone:
    """Return how light each pixel is, 0 to 1."""
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.float32) / np.float32(255)


def stretched(field: Field) -> Tone:
    """Return the field with its least at 0 and its most at 1."""
    low, high = float(field.min()), float(field.max())
    return np.asarray((field - low) / (high - low + 1e-9), np.float32)


def blurred(tone: Tone, sigma_px: float) -> Tone:
    """Return the tone out of focus."""
    return np.asarray(cv2.GaussianBlur(tone, (0, 0), sigma_px), np.float32)


def resized(pixels: Pixels, width_px: int = SIDE_PX, height_px: int = SIDE_PX) -> Pixels:
    """Crop to the shape of the target around the centre, and scale."""
    height, width = pixels.shape[:2]
    scale = max(width_px / width, height_px / height)
    crop_w, crop_h = round(width_px / scale), round(height_px / scale)
    x, y = (width - crop_w) // 2, (height - crop_h) // 2
    crop = pixels[y : y + crop_h, x : x + crop_w]
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(crop, (width_px, height_px), interpolation=method), np.uint8)


@cache
def plane(side_px: int = PHOTO_SIDE_PX) -> tuple[Tone, Tone]:
    """Return x and y of each pixel, both from -1 to 1."""
    axis = np.linspace(-1, 1, side_px, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    x.flags.writeable = y.flags.writeable = False
    return x, y
