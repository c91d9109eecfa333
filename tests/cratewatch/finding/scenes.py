"""Pictures with sleeves, drawn by other means than those that finders learn from."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

Quad = npt.NDArray[np.float64]
Rgb = npt.NDArray[np.uint8]


def room(width: int, height: int, seed: int = 0) -> Rgb:
    """Return a wall, a floor and some furniture out of focus."""
    rng = np.random.default_rng(seed)
    picture = np.empty((height, width, 3), np.float32)
    picture[:] = rng.uniform(90, 190, 3)
    picture[round(height * 0.7) :] = rng.uniform(50, 120, 3)
    for _ in range(6):
        x, y = rng.uniform(0, 1, 2) * (width, height)
        radii = rng.uniform(0.05, 0.2, 2) * min(width, height)
        centre, axes = (round(x), round(y)), (max(1, round(radii[0])), max(1, round(radii[1])))
        cv2.ellipse(picture, centre, axes, 0, 0, 360, rng.uniform(40, 220, 3).tolist(), -1)
    blurred = cv2.GaussianBlur(picture, (0, 0), min(width, height) / 40)
    noisy = blurred + rng.normal(0, 3, picture.shape)
    return np.asarray(noisy.clip(0, 255), np.uint8)


def held(
    centre: tuple[float, float], side: float, turn_deg: float = 0.0, lean: float = 0.1
) -> Quad:
    """Return the corners of a sleeve, clockwise from its top left, a little in perspective."""
    square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], np.float64) * side / 2
    square[:2, 0] *= 1 - lean
    angle = np.radians(turn_deg)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return np.asarray(square @ turn + centre, np.float64)


def paste(picture: Rgb, covers: Sequence[Image.Image], quads: Sequence[Quad]) -> Rgb:
    """Return the picture with covers laid onto quads, drawn at twice the size for soft edges."""
    height, width = picture.shape[:2]
    large = cv2.resize(picture, (2 * width, 2 * height))
    for cover, quad in zip(covers, quads, strict=True):
        flat = np.asarray(cover.convert("RGB").resize((256, 256)))
        unit = np.array([(0, 0), (256, 0), (256, 256), (0, 256)], np.float32)
        to_picture = cv2.getPerspectiveTransform(unit, (2 * quad).astype(np.float32))
        laid = cv2.warpPerspective(flat, to_picture, (2 * width, 2 * height), flags=cv2.INTER_AREA)
        mask = np.zeros(large.shape[:2], np.uint8)
        cv2.fillConvexPoly(mask, np.rint(2 * quad).astype(np.int32), 255)
        large = np.where(mask[..., None] > 0, laid, large)
    return np.asarray(cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
