"""Where the sleeves of a picture are: in somebody's hands, on a wall, in a row in a bin."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.synthesis.pixels import Corners
from cratewatch.synthesis.sleeve import homography, project_corners

Layout: TypeAlias = Literal["loose", "wall", "bin", "table", "near", "none"]
LAYOUTS: tuple[tuple[Layout, float], ...] = (
    ("loose", 0.46),
    ("wall", 0.12),
    ("bin", 0.14),
    ("table", 0.12),
    ("near", 0.06),
    ("none", 0.10),
)
"""And how often each: `near` is one sleeve larger than what is looked for at this scale."""
SIZES_PX = (18.0, 150.0)
"""Sides of sleeves that are looked for at one scale of a picture; others belong to other scales."""
HELD_SHARE = 0.75
SPUN_SHARE = 0.3
"""Of loose sleeves that are turned in their own plane before they are tilted."""
NEAREST = 0.4
"""Distance from the eye, as a share of that of its plane's own sleeve, below which none lies."""
UNIT = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], dtype=np.float64)


@dataclass(frozen=True)
class Placed:
    """A sleeve in a picture.

    Attributes:
        corners: In pixels, clockwise from the cover's own top left.
        bend: How far its middle bulges, as a share of its side, to either side of its plane.
        bend_deg: Direction of the bulge in the picture.
        hands: How many hold it.
    """

    corners: Corners
    bend: float
    bend_deg: float
    hands: int


def place_sleeves(rng: np.random.Generator, side_px: int) -> list[Placed]:
    """Return the sleeves of a square picture, the hindmost first."""
    names = [name for name, _ in LAYOUTS]
    layout = names[int(rng.choice(len(names), p=[share for _, share in LAYOUTS]))]
    if layout == "wall":
        return _wall(rng, side_px)
    if layout == "bin":
        return _bin(rng, side_px)
    if layout == "table":
        return _table(rng, side_px)
    if layout == "near":
        return [_loose(rng, side_px, float(rng.uniform(170, 420)))]
    return [_loose(rng, side_px, _size(rng)) for _ in range(_count(rng, layout))]


def side_of(corners: Corners) -> float:
    """Return the side of the square that is as large as a quad, in pixels."""
    return math.sqrt(max(abs(cv2.contourArea(corners.astype(np.float32))), 1e-6))


def _count(rng: np.random.Generator, layout: Layout) -> int:
    return 0 if layout == "none" else 1 + int(rng.choice(5, p=(0.5, 0.25, 0.13, 0.07, 0.05)))


def _size(rng: np.random.Generator) -> float:
    return math.exp(rng.uniform(math.log(SIZES_PX[0]), math.log(SIZES_PX[1])))


def _loose(rng: np.random.Generator, side_px: int, size: float) -> Placed:
    bent = rng.random() < 0.2
    return Placed(
        corners=_turned(rng, size) + rng.uniform(-0.1, 1.1, 2) * side_px,
        bend=float(rng.uniform(-0.07, 0.07)) if bent else 0.0,
        bend_deg=float(rng.uniform(0, 360)),
        hands=int(rng.choice(3, p=(0.2, 0.45, 0.35))) if rng.random() < HELD_SHARE else 0,
    )


def _turned(rng: np.random.Generator, size: float) -> Corners:
    """Return corners about 0 of a sleeve of that side: tilted, rolled, seen from near or far."""
    tilt = float(rng.choice((8.0, 22.0, 38.0)))
    yaw, pitch = np.clip(rng.normal(0.0, tilt, 2), -62.0, 62.0)
    roll = rng.uniform(-180, 180) if rng.random() < 0.35 else rng.normal(0.0, 10.0)
    corners = project_corners(float(yaw), float(pitch), float(roll))
    if rng.random() < SPUN_SHARE:
        spun = _spun(corners, float(rng.uniform(-180, 180)), np.zeros(2))
        corners = corners if spun is None else spun
    if rng.random() < 0.3:  # from further away: the perspective is weaker
        corners = corners - rng.uniform(0, 0.9) * _twist(corners)
    return np.asarray(corners * (size / side_of(corners * 1000) * 1000), dtype=np.float64)


def _twist(corners: Corners) -> Corners:
    """Return what makes a quad about 0 differ from a parallelogram."""
    share = (corners[0] - corners[1] + corners[2] - corners[3]) / 4
    return np.asarray(np.outer((1, -1, 1, -1), share), dtype=np.float64)


def _wall(rng: np.random.Generator, side_px: int) -> list[Placed]:
    """Return a grid of sleeves in one plane."""
    rows, columns = int(rng.integers(1, 5)), int(rng.integers(2, 6))
    gap = float(rng.choice((rng.uniform(0.0, 0.04), rng.uniform(0.04, 0.5))))
    size = math.exp(rng.uniform(math.log(22), math.log(110)))
    yaw, pitch, roll = rng.normal(0, 1, 3) * (14, 14, 6)
    plane = project_corners(float(yaw), float(pitch), float(roll))
    plane = plane / side_of(plane * 1000) * 1000 * size
    centre = rng.uniform(0.2, 0.8, 2) * side_px
    across, down = plane[1] - plane[0], plane[3] - plane[0]
    placed = []
    for row in range(rows):
        for column in range(columns):
            if rng.random() < 0.1:
                continue
            step = np.array([column - (columns - 1) / 2, row - (rows - 1) / 2]) * (1 + gap)
            moved = centre + step[0] * across + step[1] * down
            jitter = rng.normal(0, 0.01 * size, 2)
            placed.append(Placed(plane + moved + jitter, 0.0, 0.0, 0))
    return placed


def _bin(rng: np.random.Generator, side_px: int) -> list[Placed]:
    """Return sleeves behind each other, each a little higher or further aside than the next."""
    size = math.exp(rng.uniform(math.log(30), math.log(140)))
    front = _turned(rng, size) * (1, rng.uniform(0.6, 1.0))
    aside = rng.normal(0, 0.03) if rng.random() < 0.5 else rng.uniform(-0.5, 0.5)
    step = np.array([aside, -rng.uniform(0.04, 0.55)]) * size
    centre = rng.uniform(0.25, 0.75, 2) * side_px
    count = int(rng.integers(2, 7))
    placed = []
    for depth in range(count - 1, -1, -1):
        wobble = rng.normal(0, 0.012 * size, (4, 2))
        corners = front * 0.98**depth + centre + depth * step + wobble
        placed.append(Placed(np.asarray(corners), 0.0, 0.0, int(depth == 0 and rng.random() < 0.3)))
    return placed


def _table(rng: np.random.Generator, side_px: int) -> list[Placed]:
    """Return sleeves that lie anyhow on a plane that runs away from us, some over others."""
    size = math.exp(rng.uniform(math.log(24), math.log(130)))
    roll = float(rng.normal(0, 7))
    plane = project_corners(float(rng.normal(0, 8)), float(rng.uniform(22, 62)), roll)
    plane = plane / side_of(plane * 1000) * 1000 * size + rng.uniform(0.25, 0.75, 2) * side_px
    count = 1 + int(rng.choice(5, p=(0.3, 0.25, 0.2, 0.15, 0.1)))
    reach = 0.7 * math.sqrt(count) if count > 1 else 0.0
    placed = []
    for _ in range(count):
        turn_deg = rng.uniform(-180, 180) if rng.random() < 0.5 else rng.normal(0, 8)
        corners = _spun(plane, float(turn_deg), rng.uniform(-reach, reach, 2))
        if corners is not None:
            placed.append(Placed(corners, 0.0, 0.0, int(rng.random() < 0.2)))
    return placed


def _spun(plane: Corners, turn_deg: float, moved: npt.NDArray[np.float64]) -> Corners | None:
    """Return a sleeve of the plane in which another lies, turned and moved in it by its sides.

    None if it comes too near to the eye.
    """
    cos, sin = math.cos(math.radians(turn_deg)), math.sin(math.radians(turn_deg))
    square = (UNIT - 0.5) @ np.array([[cos, sin], [-sin, cos]]) + 0.5 + moved
    seen = np.column_stack([square, np.ones(4)]) @ homography(plane).T
    if seen[:, 2].min() < NEAREST:
        return None
    return np.asarray(seen[:, :2] / seen[:, 2:], np.float64)
