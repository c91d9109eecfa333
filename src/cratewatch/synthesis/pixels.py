"""Array types and the few pixel operations that every drawing module needs.

They work in place and channel by channel: fresh pages for each intermediate picture, and NumPy's
broadcasting over three channels, took most of the time of a query.
"""

from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

Rgb: TypeAlias = npt.NDArray[np.uint8]
"""(H, W, 3) uint8."""
Plane: TypeAlias = npt.NDArray[np.float32]
"""(H, W) or (H, W, 3) float32; colours and coverage run from 0 to 1."""
Stencil: TypeAlias = npt.NDArray[np.uint8]
"""(H, W) uint8 coverage, 0 to 255: what OpenCV draws anti-aliased lines on."""
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
    # Cubic on few pixels, then linear on many: a third of the time, and no corner shows.
    between = (min(4 * cells[1], size[1]), min(4 * cells[0], size[0]))
    curved = cv2.resize(coarse, between, interpolation=cv2.INTER_CUBIC)
    return scaled_to(np.asarray(curved, dtype=np.float32), size)


def scaled_to(plane: Plane, size: tuple[int, int]) -> Plane:
    """Resize bilinearly to (rows, columns)."""
    return np.asarray(cv2.resize(plane, (size[1], size[0])), dtype=np.float32)


def blur(plane: Plane, sigma_px: float) -> Plane:
    """Gaussian blur; the border is mirrored. A sigma below 0.15 px changes nothing."""
    if sigma_px < 0.15:
        return plane
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma_px), dtype=np.float32)


def soften(stencil: Stencil, sigma_px: float) -> Plane:
    """Return a stencil as blurred coverage, 0 to 1."""
    return blur(stencil.astype(np.float32) / np.float32(255.0), sigma_px)


def blend(under: Plane, over: Plane | Colour, coverage: Plane) -> None:
    """Lay a colour or picture over `under` (H, W, 3) in place, as far as coverage (H, W) says."""
    rest = np.float32(1.0) - coverage
    if isinstance(over, tuple):
        for channel, value in enumerate(over):
            under[..., channel] *= rest
            under[..., channel] += np.float32(value) * coverage
    else:
        cv2.blendLinear(over, under, coverage, rest, dst=under)


def dim(under: Plane, gain: Plane) -> None:
    """Multiply each pixel of `under` (H, W, 3) in place by its gain (H, W)."""
    for channel in range(under.shape[2]):
        under[..., channel] *= gain


def tint(plane: Plane, colour: Colour) -> Plane:
    """Return (H, W, 3) of a colour with the brightness of a plane (H, W)."""
    tinted = np.empty((*plane.shape, 3), dtype=np.float32)
    for channel, value in enumerate(colour):
        np.multiply(plane, np.float32(value), out=tinted[..., channel])
    return tinted
