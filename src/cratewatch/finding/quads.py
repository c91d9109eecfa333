"""Geometry of quads: (4, 2) corners in pixels, clockwise, counted from the picture's border."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Quad = npt.NDArray[np.float64]
Rgb = npt.NDArray[np.uint8]
UNIT = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], dtype=np.float64)


def centre_of(quad: Quad) -> npt.NDArray[np.float64]:
    """Return where the diagonals meet, (2,): the middle of the sleeve seen in perspective."""
    a, c, b, d = quad[0], quad[2], quad[1], quad[3]
    along, across, start = c - a, d - b, b - a
    turn = along[0] * across[1] - along[1] * across[0]
    if abs(turn) < 1e-9:
        return np.asarray(quad.mean(axis=0), np.float64)
    share = (start[0] * across[1] - start[1] * across[0]) / turn
    return np.asarray(a + share * along, np.float64)


def area_of(quad: Quad) -> float:
    """Return the area in square pixels, negative for one that runs anticlockwise."""
    x, y = quad[:, 0], quad[:, 1]
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def side_of(quad: Quad) -> float:
    """Return the side of the square of the same area, in pixels."""
    return float(np.sqrt(abs(area_of(quad))))


def is_sound(quad: Quad, least_px: float = 4.0) -> bool:
    """Whether a quad is finite, convex, clockwise, and nowhere thinner than `least_px`."""
    if not np.isfinite(quad).all():
        return False
    edges = np.roll(quad, -1, axis=0) - quad
    after = np.roll(edges, -1, axis=0)
    turns = edges[:, 0] * after[:, 1] - edges[:, 1] * after[:, 0]
    return bool((turns > 0).all() and np.linalg.norm(edges, axis=1).min() >= least_px)


def overlap_of(one: Quad, other: Quad) -> float:
    """Return the area that two convex quads share, in square pixels."""
    shared, _ = cv2.intersectConvexConvex(one.astype(np.float32), other.astype(np.float32))
    return max(0.0, float(shared))


def iou(one: Quad, other: Quad) -> float:
    """Return intersection over union of two convex quads."""
    shared = overlap_of(one, other)
    union = abs(area_of(one)) + abs(area_of(other)) - shared
    return shared / union if union > 0 else 0.0


def most_ious(quads: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return what the iou() of each two of (N, 4, 2) quads is at most, (N, N), by their boxes."""
    low, high = quads.min(axis=1), quads.max(axis=1)
    sides = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
    areas = np.abs([area_of(quad) for quad in quads])
    shared = np.minimum(sides.clip(min=0).prod(axis=2), np.minimum(areas[:, None], areas))
    return np.asarray(shared / np.maximum(areas[:, None] + areas - shared, 1e-9), np.float64)


def homography(quad: Quad) -> npt.NDArray[np.float64]:
    """Return the (3, 3) map from the unit square to a quad."""
    unit = UNIT.astype(np.float32)
    return np.asarray(cv2.getPerspectiveTransform(unit, quad.astype(np.float32)), np.float64)


def on_face(quad: Quad, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return (N, 2) points of a quad's own unit square in pixels of the picture."""
    moved = np.column_stack([points, np.ones(len(points))]) @ homography(quad).T
    return np.asarray(moved[:, :2] / moved[:, 2:], np.float64)


def frame_of(quad: Quad) -> Quad:
    """Return the parallelogram that fits a quad best: what little it differs is left out.

    Beyond the corners of a small quad that is known by guess perspective goes astray.
    """
    middle = quad.mean(axis=0)
    across = (quad[1] - quad[0] + quad[2] - quad[3]) / 4
    down = (quad[3] - quad[0] + quad[2] - quad[1]) / 4
    signs = UNIT * 2 - 1
    return np.asarray(middle + signs[:, :1] * across + signs[:, 1:] * down, np.float64)


def shape_of(quad: Quad) -> npt.NDArray[np.float32]:
    """Return what rectifying takes from a quad, (5,), whichever corner is its first.

    Logarithms of its width over its height, of its upper edge over its lower and of its right
    one over its left; the cosine between its middle lines; how steeply the flatter one runs.
    """
    lines = np.roll(quad, -1, axis=0) - quad
    first = int(np.argmax(lines[:, 0] - np.roll(lines, 2, axis=0)[:, 0] - np.abs(lines[:, 1])))
    top, right, bottom, left = np.roll(lines, -first, axis=0)
    edges = [max(float(np.hypot(*line)), 1e-6) for line in (top, right, bottom, left)]
    across, down = (top - bottom) / 2, (right - left) / 2
    wide, tall = max(float(np.hypot(*across)), 1e-6), max(float(np.hypot(*down)), 1e-6)
    logs = np.log([wide / tall, edges[0] / edges[2], edges[1] / edges[3]])
    shape = [*logs, across @ down / (wide * tall), across[1] / wide]
    return np.asarray(np.clip(shape, -2, 2), np.float32)


def moved(quad: Quad, moves: npt.NDArray[np.floating]) -> Quad:
    """Return a quad whose corners were moved from those of its frame, (8,) in its sides."""
    frame = frame_of(quad)
    sides = np.stack([frame[1] - frame[0], frame[3] - frame[0]])
    return np.asarray(frame[0] + (UNIT + moves.reshape(4, 2)) @ sides, np.float64)


def widened(quad: Quad, margin: float) -> Quad:
    """Return a quad with so much more on each edge, in sides of the sleeve, in perspective."""
    return on_face(quad, UNIT * (1 + 2 * margin) - margin)


def rectify_frame(image: Rgb, frame: Quad, side_px: int) -> Rgb:
    """Return what a parallelogram shows as a square; as rectify(), at a fraction of the time."""
    sides = np.stack([frame[1] - frame[0], frame[3] - frame[0]], axis=1) / side_px
    # OpenCV counts from pixel centres, quads from the picture's border.
    start = frame[0] + sides.sum(axis=1) / 2 - 0.5
    patch = cv2.warpAffine(
        image,
        np.column_stack([sides, start]),
        (side_px, side_px),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(patch, np.uint8)


def rectify(image: Rgb, quad: Quad, side_px: int) -> Rgb:
    """Return what a quad shows as a square, (side_px, side_px, 3); beyond the picture its border.

    The picture should not be much larger than what comes out: it is sampled bilinearly.
    """
    to_patch = np.diag([side_px, side_px, 1.0]) @ np.linalg.inv(homography(quad))
    # OpenCV counts from pixel centres, quads from the picture's border.
    half = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5], [0.0, 0.0, 1.0]])
    matrix = np.linalg.inv(half) @ to_patch @ half
    size = (side_px, side_px)
    patch = cv2.warpPerspective(image, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(patch, np.uint8)
