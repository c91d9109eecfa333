"""Chooses what is behind the sleeves, and the camera that looks at it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.whole_pictures.poses import Camera
from benchmarks.whole_pictures.stock import Stock
from cratewatch.images.reading import Pixels

SHARP_LONG_PX = (480, 640, 640, 640, 800, 960, 1152, 1280)
SOFT_LONG_PX = (320, 400, 480)
FOOTAGE_LONG_PX = (480, 640, 640, 768)
ASPECTS = (4 / 3, 3 / 4, 16 / 9, 1.0)


@dataclass(frozen=True)
class Background:
    """A scene.

    Attributes:
        softness_px: How far its own pixels are blurred where the picture is larger than it.
        light: How bright things in it are, about 1.
        tint: (3,) float32, the same by colour.
    """

    picture: Pixels
    camera: Camera
    softness_px: float
    light: float
    tint: npt.NDArray[np.float32]


def choose_background(stock: Stock, rng: np.random.Generator) -> Background:
    picture, sizes = _choose(stock, rng)
    if rng.random() < 0.5:
        picture = picture[:, ::-1]
    picture = np.ascontiguousarray(_cropped(picture, rng))
    height, width = picture.shape[:2]
    larger = sizes[int(rng.integers(len(sizes)))] / max(width, height)
    width_px, height_px = round(width * larger), round(height * larger)
    focal_px = max(width_px, height_px) * rng.uniform(0.75, 1.4)
    light, tint = _light(picture)
    camera = Camera(width_px, height_px, focal_px)
    return Background(picture, camera, max(0.0, larger - 1), light, tint)


def _choose(stock: Stock, rng: np.random.Generator) -> tuple[Pixels, tuple[int, ...]]:
    lot = rng.random()
    if lot < 0.5:
        return stock.scene(stock.sharp[int(rng.integers(len(stock.sharp)))]), SHARP_LONG_PX
    if lot < 0.76:
        return stock.scene(stock.soft[int(rng.integers(len(stock.soft)))]), SOFT_LONG_PX
    frames = stock.square if lot < 0.88 else stock.aisle
    return frames[int(rng.integers(len(frames)))], FOOTAGE_LONG_PX


def _cropped(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Return most of a picture, at times in another shape."""
    height, width = picture.shape[:2]
    aspect = width / height
    if rng.random() < 0.3:
        aspect = float(rng.choice(ASPECTS))
    share = rng.uniform(0.8, 1.0)
    wide, high = min(width, height * aspect) * share, min(height, width / aspect) * share
    left, top = rng.uniform(0, width - wide), rng.uniform(0, height - high)
    return picture[int(top) : int(top + high), int(left) : int(left + wide)]


def _light(picture: Pixels) -> tuple[float, npt.NDArray[np.float32]]:
    """Return how things look in a scene: darker in a dark one, with a little of its colour."""
    mean = picture.reshape(-1, 3).mean(axis=0) / 255
    light = float(np.clip(0.6 + 0.8 * mean.mean(), 0.65, 1.1))
    cast = mean / max(1e-3, float(mean.mean()))
    return light, np.asarray(light * (0.75 + 0.25 * cast), np.float32)
