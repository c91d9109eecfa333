"""What is behind figures, and what a camera makes of them: light, cast, blur, noise and JPEG."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.finding.quads import Rgb

HEIGHT_PX, WIDTH_PX = 256, 128
Picture = npt.NDArray[np.float32]
"""(HEIGHT_PX, WIDTH_PX, 3) RGB, 0 to 1."""


def background(rng: np.random.Generator) -> Picture:
    """Return walls, a floor, and edges of things."""
    wall = np.clip(rng.uniform(0.1, 0.8) + rng.normal(size=3) * 0.05, 0, 1)
    picture = np.full((HEIGHT_PX, WIDTH_PX, 3), wall, np.float32)
    floor = max(0, int(rng.uniform(-0.2, 0.9) * HEIGHT_PX))
    picture[floor:] = np.clip(wall + rng.normal(size=3) * 0.15, 0, 1)
    for _ in range(rng.integers(0, 7)):
        _put_thing(picture, rng)
    grain = clouds(int(rng.choice([2, 4, 16])), rng) * rng.uniform(0.01, 0.06)
    return np.asarray(np.clip(picture + grain[..., None], 0, 1), np.float32)


def _put_thing(picture: Picture, rng: np.random.Generator) -> None:
    colour = np.clip(rng.uniform(0, 1) + rng.normal(size=3) * 0.1, 0, 1).tolist()
    corners = (rng.uniform(-0.2, 1.2, (4, 2)) * (WIDTH_PX, HEIGHT_PX)).astype(np.int32)
    if rng.random() < 0.5:
        cv2.fillConvexPoly(picture, cv2.convexHull(corners), colour, cv2.LINE_AA)
    else:
        width = int(rng.integers(2, 16))
        cv2.line(picture, corners[0].tolist(), corners[1].tolist(), colour, width, cv2.LINE_AA)


def clouds(cell_px: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return smooth noise (HEIGHT_PX, WIDTH_PX) of about unit deviation."""
    grid = rng.normal(size=(HEIGHT_PX // cell_px, WIDTH_PX // cell_px)).astype(np.float32)
    sized = cv2.resize(grid, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_CUBIC)
    return np.asarray(sized, np.float32)


def lit(painted: Picture, rng: np.random.Generator) -> Picture:
    """Return what is painted with folds, and light from one side."""
    across = np.linspace(-1, 1, WIDTH_PX, dtype=np.float32) * rng.normal() * 0.2
    shade = 1 + clouds(8, rng) * 0.12 + clouds(24, rng) * 0.15 + across
    shade = np.clip(shade, 0.4, 1.6) * rng.uniform(0.6, 1.05)
    return np.asarray(painted * shade[..., None], np.float32)


def film(picture: Picture, rng: np.random.Generator) -> Rgb:
    """Return a picture as a camera gives it, (HEIGHT_PX, WIDTH_PX, 3)."""
    seen = np.clip(picture, 0, 1) ** rng.uniform(0.8, 1.25)
    seen = (seen - 0.5) * rng.uniform(0.6, 1.1) + 0.5 * rng.uniform(0.7, 1.1)
    seen = seen * (1 + rng.normal(size=3) * 0.06) + rng.normal(size=3) * 0.02
    blurred = cv2.GaussianBlur(_moved(np.clip(seen, 0, 1), rng), (0, 0), rng.uniform(0.6, 2.2))
    height = int(rng.uniform(70, 200))
    small = cv2.resize(blurred, (height // 2, height), interpolation=cv2.INTER_AREA)
    small = small + rng.normal(size=small.shape) * rng.uniform(0.005, 0.04)
    pixels = (np.clip(small, 0, 1) * 255).astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(50, 95))]
    packed = cv2.imencode(".jpg", np.ascontiguousarray(pixels[..., ::-1]), quality)[1]
    unpacked = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    assert unpacked is not None
    return np.asarray(cv2.resize(unpacked, (WIDTH_PX, HEIGHT_PX))[..., ::-1], np.uint8)


def _moved(picture: npt.NDArray[np.float64], rng: np.random.Generator) -> Picture:
    """Return it a little off, as boxes of detectors are, and at times mirrored."""
    right, down, scale = rng.normal() * 4, rng.normal() * 5, rng.uniform(0.9, 1.1)
    spread = (1 - scale) / 2
    matrix = np.array(
        [[scale, 0, WIDTH_PX * spread + right], [0, scale, HEIGHT_PX * spread + down]], np.float32
    )
    moved = cv2.warpAffine(
        picture.astype(np.float32), matrix, (WIDTH_PX, HEIGHT_PX), borderMode=cv2.BORDER_REFLECT
    )
    return np.asarray(moved[:, ::-1] if rng.random() < 0.5 else moved, np.float32).copy()
