"""Two pictures made into one, each (600, 600, 3)."""

import cv2
import numpy as np

from cratewatch.demo.artwork.canvas import SIDE_PX, Mask, Pixels, lay, to_mask, to_tone
from cratewatch.demo.artwork.noise import stretched


def double_exposure(first: Pixels, second: Pixels, _rng: np.random.Generator) -> Pixels:
    return 255 - (((255 - first.astype(np.uint16)) * (255 - second)) >> 8).astype(np.uint8)


def seen_through(first: Pixels, second: Pixels, _rng: np.random.Generator) -> Pixels:
    """The second picture where the first is dark."""
    soft = np.asarray(cv2.GaussianBlur(to_tone(first), (0, 0), 4), np.float32)
    middle = float(np.median(soft))
    return lay(first, second, to_mask(np.clip((middle - soft) * 18 + 0.5, 0, 1)))


def blinds(first: Pixels, second: Pixels, rng: np.random.Generator) -> Pixels:
    """Strips of both by turns."""
    pitch = int(rng.integers(24, 130))
    across = (np.arange(SIDE_PX) // pitch) % 2 == 1
    joined = first.copy()
    if rng.random() < 0.5:
        joined[across] = second[across]
    else:
        joined[:, across] = second[:, across]
    return joined


def contact_sheet(first: Pixels, second: Pixels, rng: np.random.Generator) -> Pixels:
    """Details of both in a grid."""
    n = int(rng.integers(2, 5))
    cell = SIDE_PX // n
    sheet = np.zeros((cell * n, cell * n, 3), np.uint8)
    for row in range(n):
        for column in range(n):
            side = int(rng.integers(120, 420))
            x, y = (int(v) for v in rng.integers(0, SIDE_PX - side, 2))
            source = first if (row + column) % 2 else second
            detail = cv2.resize(source[y : y + side, x : x + side], (cell - 6, cell - 6))
            top, left = row * cell + 3, column * cell + 3
            sheet[top : top + cell - 6, left : left + cell - 6] = detail
    return sheet


def torn_paper(first: Pixels, second: Pixels, rng: np.random.Generator) -> Pixels:
    """Torn pieces of both, laid over each other."""
    picture = first
    for i in range(int(rng.integers(2, 6))):
        mask = _torn_shape(rng)
        rim = np.asarray(cv2.dilate(mask, np.ones((7, 7), np.uint8)), np.uint8)
        picture = lay(picture, (250, 247, 240), rim)
        sheet = first if i % 2 else second
        picture = lay(picture, np.roll(sheet, rng.integers(-150, 150, 2), (0, 1)), mask)
    return picture


def etched(first: Pixels, second: Pixels, _rng: np.random.Generator) -> Pixels:
    """The second picture in the lights of the first."""
    light = stretched(to_tone(first))[..., None]
    return (second * (0.2 + 0.8 * light)).astype(np.uint8)


def _torn_shape(rng: np.random.Generator) -> Mask:
    centre, n = rng.uniform(120, 480, 2), int(rng.integers(4, 9))
    angles = np.sort(rng.uniform(0, 2 * np.pi, n))
    corners = centre + np.stack([np.cos(angles), np.sin(angles)], -1) * rng.uniform(90, 330, (n, 1))
    closed = np.vstack([corners, corners[:1]])
    steps = np.linspace(0, n, n * 26)
    edge = np.stack([np.interp(steps, np.arange(n + 1), closed[:, k]) for k in range(2)], -1)
    mask = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    cv2.fillPoly(mask, [(edge + rng.normal(0, 2.5, edge.shape)).astype(np.int32)], 255, cv2.LINE_AA)
    return mask
