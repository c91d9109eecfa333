"""Laying flat, square pictures onto a canvas in perspective, a little bent."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.synthesis.pixels import Corners, Plane
from cratewatch.synthesis.sleeve import homography
from cratewatch.synthesis.whole_pictures.placing import Placed, side_of


@dataclass(frozen=True)
class Layer:
    """A flat square picture.

    Attributes:
        colour: (T, T, 3) float32, 0 to 255.
        coverage: (T, T) float32, 0 to 1; None for a whole square with sharp edges.
        reach: How far it goes beyond the quad that it is laid onto, in sides of the quad.
    """

    colour: Plane
    coverage: Plane | None = None
    reach: float = 0.0


@dataclass(frozen=True)
class Canvas:
    """A picture under construction.

    Attributes:
        colour: (H, W, 3) float32, 0 to 255.
        owner: (H, W) int16: the number of the sleeve that a pixel shows, 0 for anything else.
    """

    colour: Plane
    owner: npt.NDArray[np.int16]

    @classmethod
    def of(cls, backdrop: Plane) -> Canvas:
        """Return a canvas that shows a backdrop only; it takes the array."""
        return cls(backdrop, np.zeros(backdrop.shape[:2], np.int16))

    @property
    def side_px(self) -> int:
        """Side of a square canvas."""
        return int(self.colour.shape[0])

    def window(self, corners: Corners, margin: float) -> tuple[slice, slice] | None:
        """Return rows and columns about a quad; None if it lies outside."""
        size = self.colour.shape[1::-1]
        low = np.floor(corners.min(axis=0) - margin).clip(0, size).astype(int)
        high = np.ceil(corners.max(axis=0) + margin).clip(0, size).astype(int)
        if (high - low < 2).any():
            return None
        return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def lay(canvas: Canvas, layer: Layer, placed: Placed, number: int = 0) -> None:
    """Lay a picture onto the quad of `placed`, in place.

    Args:
        number: Of the sleeve that is laid; what else is laid hides sleeves.
    """
    side = side_of(placed.corners)
    margin = (1.5 * layer.reach + abs(placed.bend)) * side + 2
    window = canvas.window(placed.corners, margin)
    if window is None or side < 2:
        return
    u, v = _face_coordinates(placed, side, window)
    colour = _sample(layer.colour, u, v, layer.reach, cv2.BORDER_REPLICATE)
    if layer.coverage is None:
        coverage = _inside(placed.corners, u, v)
    else:
        coverage = _sample(layer.coverage, u, v, layer.reach, cv2.BORDER_CONSTANT)
    under = canvas.colour[window]
    under += coverage[..., None] * (colour - under)
    canvas.owner[window][coverage > 0.5] = number


def _face_coordinates(
    placed: Placed, side: float, window: tuple[slice, slice]
) -> tuple[Plane, Plane]:
    """Return for each pixel of a window where on the face it lies, 0..1 each."""
    rows, columns = window
    x = np.arange(columns.start, columns.stop, dtype=np.float32)[None, :] + np.float32(0.5)
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] + np.float32(0.5)
    to_face = np.linalg.inv(homography(placed.corners)).astype(np.float32)
    u, v = _project(to_face, x, y)
    if placed.bend:
        rise = np.float32(4 * placed.bend * side) * np.clip(u, 0, 1) * (1 - np.clip(u, 0, 1))
        angle = np.radians(placed.bend_deg)
        shift = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        u, v = _project(to_face, x - rise * shift[0], y - rise * shift[1])
    return u, v


def _project(to_face: Plane, x: Plane, y: Plane) -> tuple[Plane, Plane]:
    u, v, w = (row[0] * x + row[1] * y + row[2] for row in to_face)
    depth = np.maximum(w, np.float32(1e-6))  # behind the vanishing line nothing is seen
    beyond = np.where(w > 0, np.float32(0), np.float32(9))
    return u / depth + beyond, v / depth + beyond


def _sample(picture: Plane, u: Plane, v: Plane, reach: float, border: int) -> Plane:
    tall, wide = picture.shape[:2]
    spread = 1 + 2 * reach
    x = (u + np.float32(reach)) * np.float32(wide / spread) - np.float32(0.5)
    y = (v + np.float32(reach)) * np.float32(tall / spread) - np.float32(0.5)
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=border), np.float32)


def _inside(corners: Corners, u: Plane, v: Plane) -> Plane:
    """Return how far each pixel lies within the face; its edges fade over one pixel."""
    edges = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    across, down = np.float32(edges[[0, 2]].mean()), np.float32(edges[[1, 3]].mean())
    near = np.minimum(np.minimum(u, 1 - u) * across, np.minimum(v, 1 - v) * down)
    return np.asarray(np.clip(near + np.float32(0.5), 0, 1), np.float32)
