"""Where sleeves are in a picture: held, on a wall, on a table, or one behind the other."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmarks.whole_pictures.poses import Camera, Plane, tilted
from cratewatch.evaluation.finding.quads import Quad, area, is_convex, overlap, side_px

Setting = Literal["held", "wall", "table", "stack"]
TRIES = 30
LEAST_PX, MOST_PX = 40, 600
GAP = 1.12


@dataclass(frozen=True)
class Arrangement:
    """Quads in the order in which they are laid: what comes later covers what came before."""

    setting: Setting
    quads: list[Quad]


def arrange(camera: Camera, count: int, rng: np.random.Generator) -> Arrangement:
    """Return count sleeves or fewer, none of them smaller than LEAST_PX or larger than MOST_PX."""
    settings: tuple[Setting, ...] = ("held", "wall", "table", "stack")
    weights = (0.75, 0.1, 0.15, 0.0) if count == 1 else (0.35, 0.2, 0.2, 0.25)
    setting = settings[int(rng.choice(len(settings), p=weights))]
    for _ in range(TRIES):
        quads = _ARRANGE[setting](camera, count, rng)
        fitting = [quad for quad in quads if _fits(quad)]
        if fitting:
            return Arrangement(setting, fitting)
    return Arrangement(setting, [])


def place(
    camera: Camera, width: float, rng: np.random.Generator, side_px: float, turn_deg: float
) -> Quad:
    """Return a rectangle of a height of 1 and this width anywhere, tilted by little."""
    x, y = rng.uniform(0.05, 0.95, 2) * (camera.width_px, camera.height_px)
    turn = tilted(_clipped(rng, 12, 30), _clipped(rng, 10, 25))
    return camera.seen(Plane(camera.at(x, y, side_px), turn).corners(turn_deg, width))


def size_px(camera: Camera, most_share: float, rng: np.random.Generator) -> float:
    """Return a side: mostly 60 to 300 px, evenly by its logarithm."""
    most = most_share * min(camera.width_px, camera.height_px)
    low, high = 68.0, 300.0
    lot = rng.random()
    if lot < 0.1:
        low, high = 42.0, 68.0
    elif lot > 0.7 and most > 320:
        low, high = 290.0, 620.0
    high = max(low + 1, min(high, most))
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def roll_deg(rng: np.random.Generator) -> float:
    """Return how far a sleeve is turned: mostly little, at times sideways or upside down."""
    quarter = (0, 90, -90, 180)[int(rng.choice(4, p=(0.82, 0.06, 0.06, 0.06)))]
    return quarter + float(rng.normal(0, 8))


def _held(camera: Camera, count: int, rng: np.random.Generator) -> list[Quad]:
    """Return sleeves anywhere, as people hold them, that cover little of each other."""
    most_share = 0.9 if count == 1 else 0.55 if count <= 3 else 0.4
    quads: list[Quad] = []
    for _ in range(count):
        for _ in range(TRIES):
            side = size_px(camera, most_share, rng)
            margin = 0.3 * side
            x = rng.uniform(min(margin, camera.width_px / 2), max(camera.width_px - margin, 1))
            y = rng.uniform(min(margin, camera.height_px / 2), max(camera.height_px - margin, 1))
            turn = tilted(_clipped(rng, 20, 50), _clipped(rng, 14, 40), roll_deg(rng))
            quad = camera.seen(Plane(camera.at(x, y, side), turn).corners())
            if all(overlap(quad, other) < 0.35 * area(other) for other in quads):
                quads.append(quad)
                break
    return quads


def _wall(camera: Camera, count: int, rng: np.random.Generator) -> list[Quad]:
    """Return sleeves in rows on one plane."""
    columns = max(1, math.ceil(math.sqrt(count * rng.uniform(0.8, 3.0))))
    rows = math.ceil(count / columns)
    side = size_px(camera, 0.9 / max(rows, columns), rng)
    turn = tilted(_clipped(rng, 25, 55), _clipped(rng, 8, 20), _clipped(rng, 3, 8))
    x, y = rng.uniform(0.35, 0.65, 2) * (camera.width_px, camera.height_px)
    plane = Plane(camera.at(x, y, side), turn)
    gap = rng.uniform(1.02, 1.4)
    places = [(n % columns, n // columns) for n in range(count)]
    laid = [
        plane.moved((c - (columns - 1) / 2) * gap, (r - (rows - 1) / 2) * gap) for c, r in places
    ]
    return [camera.seen(one.corners(float(rng.normal(0, 1.2)))) for one in laid if _before(one)]


def _table(camera: Camera, count: int, rng: np.random.Generator) -> list[Quad]:
    """Return sleeves scattered on a plane that runs away from us, some over others."""
    side = size_px(camera, 0.8 / math.sqrt(count), rng) * 1.15
    turn = tilted(_clipped(rng, 8, 20), -rng.uniform(25, 62), _clipped(rng, 6, 15))
    x, y = rng.uniform((0.35, 0.45), (0.65, 0.75)) * (camera.width_px, camera.height_px)
    plane = Plane(camera.at(x, y, side), turn)
    reach = 0.75 * math.sqrt(count) if count > 1 else 0.2
    quads: list[Quad] = []
    for _ in range(count):
        moved = plane.moved(*rng.uniform(-reach, reach, 2))
        if _before(moved):
            angle = float(rng.uniform(-180, 180)) if rng.random() < 0.5 else roll_deg(rng)
            quads.append(camera.seen(moved.corners(angle)))
    return quads


def _stack(camera: Camera, count: int, rng: np.random.Generator) -> list[Quad]:
    """Return sleeves one behind the other, the last one in front, as in a bin or fanned out."""
    side = size_px(camera, 0.6, rng)
    turn = tilted(_clipped(rng, 18, 40), -rng.uniform(0, 30), _clipped(rng, 5, 12))
    x, y = rng.uniform((0.35, 0.5), (0.65, 0.7)) * (camera.width_px, camera.height_px)
    front = Plane(camera.at(x, y, side), turn)
    step = rng.uniform((-0.5, -0.6), (0.5, -0.05))
    quads = []
    for behind in reversed(range(count)):
        aside, up = step * behind * rng.uniform(0.8, 1.2, 2)
        quads.append(
            camera.seen(front.moved(aside, up, 0.06 * behind).corners(float(rng.normal(0, 3))))
        )
    return quads


_ARRANGE: dict[Setting, Callable[[Camera, int, np.random.Generator], list[Quad]]] = {
    "held": _held,
    "wall": _wall,
    "table": _table,
    "stack": _stack,
}


def _before(plane: Plane) -> bool:
    """Whether a plane's origin is far enough away that all about it is before the camera."""
    return bool(plane.origin[2] > 1.2)


def _fits(quad: Quad) -> bool:
    return is_convex(quad) and area(quad) > 0 and LEAST_PX <= side_px(quad) < MOST_PX


def _clipped(rng: np.random.Generator, sigma: float, most: float) -> float:
    return float(np.clip(rng.normal(0, sigma), -most, most))
