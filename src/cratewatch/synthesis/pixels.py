"""Array types and the few pixel operations that every drawing module needs."""

from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

Rgb: TypeAlias = npt.NDArray[np.uint8]
"""(H, W, 3) uint8."""
Plane: TypeAlias = npt.NDArray[np.float32]
"""(H, W) or (H, W, 3) float32; colours and coverage run from 0 to 1."""
Colour: TypeAlias = tuple[float, float, float]
"""RGB, each 0 to 1."""
Point: TypeAlias = tuple[float, float]
Corners: TypeAlias = npt.NDArray[np.float64]
"""(4, 2) x, y of a sleeve: top left, top right, bottom right, bottom left."""


def stream(seed: int, name: str) -> np.random.Generator:
    """Return a generator for one purpose, so that purposes do not disturb each other's draws."""
    return np.random.Generator(np.random.PCG64([seed, *name.encode()]))


def value_noise(rng: np.random.Generator, size: tuple[int, int], cells: tuple[int, int]) -> Plane:
    """Return smooth noise of zero mean, about -1 to 1; size and cells are (rows, columns)."""
    coarse = rng.uniform(-1.0, 1.0, cells).astype(np.float32)
    return np.asarray(
        cv2.resize(coarse, (size[1], size[0]), interpolation=cv2.INTER_CUBIC), dtype=np.float32
    )


def blur(plane: Plane, sigma_px: float) -> Plane:
    """Gaussian blur; the border is mirrored. A sigma below 0.15 px changes nothing."""
    if sigma_px < 0.15:
        return plane
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma_px), dtype=np.float32)


def blend(under: Plane, over: Plane | Colour, coverage: Plane) -> None:
    """Lay a colour or picture over `under` (H, W, 3) in place, as far as coverage (H, W) says."""
    under += (np.asarray(over, dtype=np.float32) - under) * coverage[..., None]


def screen(under: Plane, light: Plane, colour: Colour) -> None:
    """Add light (H, W) of a colour in place, without running over white."""
    under += (1.0 - under) * light[..., None] * np.asarray(colour, dtype=np.float32)
