"""What the proposer should say of a drawn picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cratewatch.finding.config import OFFSET_PX, STRIDE
from cratewatch.finding.quads import centre_of
from cratewatch.synthesis.whole_pictures.drawing import SeenSleeve
from cratewatch.synthesis.whole_pictures.placing import SIZES_PX, side_of

Plane = npt.NDArray[np.float32]

SEEN, HARDLY_SEEN = 0.4, 0.15
"""Visible shares from which a sleeve is to be found, and from which it may be."""
TOO_LARGE = 1.25
"""Times the largest size from which a sleeve belongs to another scale, and is nothing here."""


@dataclass(frozen=True)
class Target:
    """Maps over the places of a picture.

    Attributes:
        heat: (h, w) 0..1, 1 at a sleeve's centre.
        care: (h, w) 0 where it does not matter what is said, else 1.
        corners: (8, h, w) offsets in units of OFFSET_PX.
        weight: (h, w) how much a place's offsets count.
    """

    heat: Plane
    care: Plane
    corners: Plane
    weight: Plane


def make_target(sleeves: tuple[SeenSleeve, ...], side_px: int) -> Target:
    """Return the target of a picture of that side; later sleeves lie in front."""
    n = side_px // STRIDE
    heat, weight = np.zeros((2, n, n), np.float32)
    care = np.ones((n, n), np.float32)
    corners = np.zeros((8, n, n), np.float32)
    for sleeve in sleeves:
        _add(sleeve, heat, care, corners, weight)
    care[heat == 1] = 1
    return Target(heat, care, corners, weight)


def _add(sleeve: SeenSleeve, heat: Plane, care: Plane, corners: Plane, weight: Plane) -> None:
    size = side_of(sleeve.corners)
    centre = centre_of(sleeve.corners)
    n = heat.shape[0]
    inside = bool((centre >= 0).all() and (centre < n * STRIDE).all())
    if sleeve.visible < HARDLY_SEEN or size > TOO_LARGE * SIZES_PX[1] or not inside:
        return
    at = (np.arange(n, dtype=np.float32) + 0.5) * STRIDE
    squared = (at[None, :] - centre[0]) ** 2 + (at[:, None] - centre[1]) ** 2
    sigma = max(4.5, 0.11 * size)
    bump = np.exp(-squared / (2 * sigma**2)).astype(np.float32)
    if sleeve.visible < SEEN or size > SIZES_PX[1]:
        care[bump > 0.2] = 0
        return
    column, row = (centre // STRIDE).astype(int)
    bump[row, column] = 1.0
    np.maximum(heat, bump, out=heat)
    places = (bump > 0.5) & (bump > weight * size)
    offsets = (sleeve.corners[:, :, None, None] - np.stack(np.meshgrid(at, at))) / OFFSET_PX
    corners[:, places] = offsets.reshape(8, n, n)[:, places]
    weight[places] = bump[places] / size
