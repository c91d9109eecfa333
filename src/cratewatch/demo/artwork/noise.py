"""Random fields: clouds, grain, and the warping of pictures by them."""

import cv2
import numpy as np

from cratewatch.demo.artwork.canvas import Pixels, Tone

Cells = int | tuple[int, int]


def fractal(
    rng: np.random.Generator,
    side_px: int,
    cells: Cells = 4,
    octaves: int = 5,
    fall: float = 0.55,
) -> Tone:
    """Return clouds that fill 0 to 1.

    Args:
        cells: Blobs along x and y in the coarsest octave.
        fall: Weight of each octave relative to the one before: low is smooth, high is rough.
    """
    nx, ny = (cells, cells) if isinstance(cells, int) else cells
    total = np.zeros((side_px, side_px), np.float32)
    for octave in range(octaves):
        shape = (min(ny << octave, side_px) + 1, min(nx << octave, side_px) + 1)
        layer = rng.random(shape, dtype=np.float32) * np.float32(fall**octave)
        total += cv2.resize(layer, (side_px, side_px), interpolation=cv2.INTER_CUBIC)
    return stretched(total)


def stretched(field: Tone) -> Tone:
    low, high = float(field.min()), float(field.max())
    return np.asarray((field - low) / (high - low + 1e-9), np.float32)


def ridged(rng: np.random.Generator, side_px: int, cells: int = 3) -> Tone:
    """Return bright veins on dark, as in marble or lightning."""
    return np.asarray(1 - np.abs(2 * fractal(rng, side_px, cells, fall=0.5) - 1), np.float32)


def grained(rng: np.random.Generator, pixels: Pixels, strength: float) -> Pixels:
    """Add film grain; one small tile of noise repeated is enough for the eye and quick."""
    tile = rng.normal(0, strength, (200, 200)).astype(np.int16)
    height, width = pixels.shape[:2]
    grain = np.tile(tile, (height // 200 + 1, width // 200 + 1))[:height, :width]
    return np.asarray(cv2.add(pixels, cv2.merge([grain] * 3), dtype=cv2.CV_8U), np.uint8)


def warped(pixels: Pixels, shift_x: Tone, shift_y: Tone) -> Pixels:
    """Fetch each pixel from shift px away; what lies outside is mirrored in."""
    height, width = pixels.shape[:2]
    columns, rows = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    )
    moved = cv2.remap(
        pixels, columns + shift_x, rows + shift_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    return np.asarray(moved, np.uint8)
