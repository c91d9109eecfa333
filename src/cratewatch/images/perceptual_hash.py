"""A hash that is near for scans of one sleeve, and none for pictures with too little in them.

Of 5,775 real covers 1 % have too little: blank ones, a disc or a few letters on white; none
of them is in one of the 102 pairs of scans whose hashes are near.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

SIDE = 16  # 256 bits
NOTHING_TO_SEE = "0" * 64
"""The hash of a picture that has too little in it: of any other half the bits are set."""
GRID_PX = 32
STEP = 5.0
LEAST_BUSY = 0.2
"""Share of a grid where a neighbour differs by more than STEP of 255; blank pictures with scanner
noise have 0, a disc 0.11, letters on white 0.14; scans of one sleeve have 0.31 or more."""
MOST_STRIPED = 0.9
"""How much all edges run one way: stripes and gradients have 1, real covers 0.82 (one in 1,000)."""
LEAST_ASYMMETRY = 0.02
"""Share of waves that a picture like its mirror images, to the side and down, has not: a disc in
the middle has 0.001, real covers 0.02 (one in 300), scans of one sleeve 0.045 or more."""


def perceptual_hash(image: Image.Image) -> str:
    """Return which of the longest 256 waves of a picture, in grey, are above their median.

    It is that of the package imagehash, in 64 hexadecimal digits, or NOTHING_TO_SEE: of a blank
    picture it would be noise, and of a disc on white that of any other disc.
    """
    from scipy.fft import dct  # slow to import, and who only looks at pictures does without

    if _is_plain(image):
        return NOTHING_TO_SEE
    side = 4 * SIDE
    grey = image.convert("L").resize((side, side), Image.Resampling.LANCZOS)
    waves = dct(dct(np.asarray(grey, np.float64), axis=0), axis=1)[:SIDE, :SIDE]
    if _asymmetry(waves) < LEAST_ASYMMETRY:
        return NOTHING_TO_SEE
    return np.packbits(waves > np.median(waves)).tobytes().hex()


def _is_plain(image: Image.Image) -> bool:
    rgb = image.convert("RGB").resize((GRID_PX, GRID_PX), Image.Resampling.BOX)
    grid = np.asarray(rgb, np.float64)
    across, down = np.diff(grid, axis=1)[:-1], np.diff(grid, axis=0)[:, :-1]
    steps = np.maximum(np.abs(across), np.abs(down)).max(axis=2)
    if (steps > STEP).mean() < LEAST_BUSY:
        return True
    return _striped(across.mean(axis=2), down.mean(axis=2)) > MOST_STRIPED


def _striped(across: npt.NDArray[np.float64], down: npt.NDArray[np.float64]) -> float:
    """Return the coherence of the structure tensor of the whole picture, 0..1."""
    xx, yy, xy = (across**2).sum(), (down**2).sum(), (across * down).sum()
    return float(np.hypot(xx - yy, 2 * xy) / max(xx + yy, 1e-9))


def _asymmetry(waves: npt.NDArray[np.float64]) -> float:
    energy = waves**2
    both_even = energy[::2, ::2].sum()
    mean = energy[0, 0]
    return float(1 - (both_even - mean) / max(energy.sum() - mean, 1e-9))
