"""Two pictures made into one, each (600, 600, 3)."""

import cv2
import numpy as np

from cratewatch.demo.artwork import pen
from cratewatch.demo.artwork.canvas import (
    SIDE_PX,
    Box,
    Mask,
    Pixels,
    blurred,
    lay,
    resized,
    stretched,
    to_mask,
    to_tone,
)
from cratewatch.demo.artwork.chance import Chance


def double_exposure(first: Pixels, second: Pixels, _chance: Chance) -> Pixels:
    """Lay light over light, as film does that was exposed twice."""
    return 255 - (((255 - first.astype(np.uint16)) * (255 - second)) >> 8).astype(np.uint8)


def seen_through(first: Pixels, second: Pixels, _chance: Chance) -> Pixels:
    """The second picture where the first is dark."""
    soft = blurred(to_tone(first), 4)
    return lay(first, second, to_mask((np.median(soft) - soft) * 18 + 0.5))


def blinds(first: Pixels, second: Pixels, chance: Chance) -> Pixels:
    """Strips of both by turns."""
    odd = (np.arange(SIDE_PX) // chance.count(24, 130)) % 2 == 1
    across = odd[:, None, None] if chance.likely(0.5) else odd[None, :, None]
    return np.where(across, second, first)


def contact_sheet(first: Pixels, second: Pixels, chance: Chance) -> Pixels:
    """Details of both in a grid."""
    n = chance.count(2, 5)
    cell = SIDE_PX // n
    sheet = np.zeros((cell * n, cell * n, 3), np.uint8)
    for row, column in np.ndindex(n, n):
        side = chance.count(120, 420)
        x, y = (chance.count(0, SIDE_PX - side) for _ in range(2))
        detail = (first if (row + column) % 2 else second)[Box(x, y, side, side).window]
        window = Box(column * cell + 3, row * cell + 3, cell - 6, cell - 6).window
        sheet[window] = resized(detail, cell - 6, cell - 6)
    return sheet


def torn_paper(first: Pixels, second: Pixels, chance: Chance) -> Pixels:
    """Torn pieces of both, laid over each other."""
    picture = first
    for i in range(chance.count(2, 6)):
        mask = _torn_shape(chance)
        rim = np.asarray(cv2.dilate(mask, np.ones((7, 7), np.uint8)), np.uint8)
        picture = lay(picture, (250, 247, 240), rim)
        sheet = first if i % 2 else second
        picture = lay(picture, np.roll(sheet, chance.rng.integers(-150, 150, 2), (0, 1)), mask)
    return picture


def etched(first: Pixels, second: Pixels, _chance: Chance) -> Pixels:
    """The second picture in the lights of the first."""
    light = stretched(to_tone(first))[..., None]
    return (second * (0.2 + 0.8 * light)).astype(np.uint8)


def _torn_shape(chance: Chance) -> Mask:
    centre, n = chance.point(120, 480), chance.count(4, 9)
    angles = np.sort(chance.rng.uniform(0, 2 * np.pi, n))
    corners = centre + pen.around(angles) * chance.rng.uniform(90, 330, (n, 1))
    closed, steps = np.vstack([corners, corners[:1]]), np.linspace(0, n, n * 26)
    edge = np.stack([np.interp(steps, np.arange(n + 1), closed[:, k]) for k in range(2)], -1)
    mask = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    pen.polygon(mask, edge + chance.rng.normal(0, 2.5, edge.shape), pen.OPAQUE)
    return mask
