"""What four corners enclose, and how two such quads compare."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Quad: TypeAlias = npt.NDArray[np.float64]
"""(4, 2) x, y in px, clockwise as seen; a whole picture's are (0, 0) and (width, height)."""
Point = tuple[float, float]

TURNS = 4
SMALL = 1e-9


def area(quad: Quad) -> float:
    """Return the area in square px; negative if the corners run anticlockwise as seen."""
    return _area([(float(x), float(y)) for x, y in quad])


def side_px(quad: Quad) -> float:
    """Return the side of the square of the same area."""
    return math.sqrt(abs(area(quad)))


def is_convex(quad: Quad) -> bool:
    """Whether the corners enclose something and each turns the same way as the others."""
    edges = np.roll(quad, -1, axis=0) - quad
    following = np.roll(edges, -1, axis=0)
    turns = edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0]
    # All four alike and yet crossing itself would take five corners.
    return bool((turns > SMALL).all() or (turns < -SMALL).all())


def overlap(one: Quad, other: Quad) -> float:
    """Return the area that both cover, in square px.

    What is not convex is no sleeve's outline and covers nothing.
    """
    apart = (one.max(axis=0) <= other.min(axis=0)) | (other.max(axis=0) <= one.min(axis=0))
    if apart.any() or not (is_convex(one) and is_convex(other)):
        return 0.0
    return abs(_area(_clipped(_clockwise(one), _clockwise(other))))


def iou(one: Quad, other: Quad) -> float:
    """Return the area that both cover as a share of what either covers, 0..1."""
    both = overlap(one, other)
    return both / (abs(area(one)) + abs(area(other)) - both) if both else 0.0


def contains(quad: Quad, point: npt.NDArray[np.float64]) -> bool:
    """Whether a point (2,) lies in a convex quad, or on its edge."""
    edges = np.roll(quad, -1, axis=0) - quad
    to_point = point - quad
    sides = edges[:, 0] * to_point[:, 1] - edges[:, 1] * to_point[:, 0]
    return bool((sides >= -SMALL).all() or (sides <= SMALL).all())


def corner_error(found: Quad, true: Quad) -> float:
    """Return the mean distance of the corners as a share of the true quad's side.

    Which corner is the first is left open: of the four turns the nearest counts.
    """
    corners = np.array(_clockwise(found))
    aim = np.array(_clockwise(true))
    turned = [np.roll(corners, n, axis=0) - aim for n in range(TURNS)]
    nearest = min(float(np.hypot(*offsets.T).mean()) for offsets in turned)
    return nearest / side_px(true)


def _clockwise(quad: Quad) -> list[Point]:
    points = [(float(x), float(y)) for x, y in quad]
    return points if _area(points) >= 0 else points[::-1]


def _area(points: list[Point]) -> float:
    following = [*points[1:], *points[:1]]
    return 0.5 * sum(x * v - u * y for (x, y), (u, v) in zip(points, following, strict=True))


def _clipped(points: list[Point], by: list[Point]) -> list[Point]:
    """Return what of a convex polygon lies in another (Sutherland and Hodgman, 1974)."""
    for start, end in zip(by, [*by[1:], *by[:1]], strict=True):
        points = _half(points, start, end)
    return points


def _half(points: list[Point], start: Point, end: Point) -> list[Point]:
    """Return the part of a polygon that lies to the right of a line, as seen."""
    kept: list[Point] = []
    along = (end[0] - start[0], end[1] - start[1])
    inside = [along[0] * (y - start[1]) - along[1] * (x - start[0]) for x, y in points]
    for n, (x, y) in enumerate(points):
        before, here = inside[n - 1], inside[n]
        if (before < 0) != (here < 0):
            share = before / (before - here)
            u, v = points[n - 1]
            kept.append((u + share * (x - u), v + share * (y - v)))
        if here >= 0:
            kept.append((x, y))
    return kept
