"""What a picture is composed on: twice as large as the picture, so that edges are smooth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.evaluation.finding.quads import Quad, area, side_px
from cratewatch.images.reading import Pixels

FINE = 2
"""Pixels of the canvas along a pixel of the picture."""
Plane = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Shadow:
    """Of a thing on what lies behind it, by shares of the thing's side."""

    dx: float
    dy: float
    softness: float
    strength: float


@dataclass(frozen=True)
class Box:
    """A part of the canvas, in its px."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def cut(self) -> tuple[slice, slice]:
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def empty(self) -> bool:
        return self.right <= self.left or self.bottom <= self.top


class Canvas:
    """Colours 0 to 1, and which thing is seen at each place: 0 is the background."""

    def __init__(self, background: Pixels, width_px: int, height_px: int) -> None:
        self.width_px, self.height_px = width_px, height_px
        size = (width_px * FINE, height_px * FINE)
        large = cv2.resize(background, size, interpolation=cv2.INTER_CUBIC)
        self.colours = np.asarray(large, np.float32) / np.float32(255)
        self.owner = np.zeros(self.colours.shape[:2], np.int16)
        self._quads: list[Quad] = []

    def lay(self, quad: Quad, picture: Plane, shadow: Shadow, opacity: Plane | None = None) -> int:
        """Lay a flat picture on what is there and return its number.

        Args:
            quad: Where its corners go, from its top left, in px of the finished picture.
            picture: (H, W, 3), 0 to 1.
            opacity: (H, W), 0 to 1; None: it is opaque to its edges.
        """
        self._quads.append(quad)
        fine = quad * FINE
        side = side_px(fine)
        self._cast(fine, side, shadow)
        box = self._box(fine, 2)
        if not box.empty:
            to_box = _mapping(picture.shape[1], picture.shape[0], fine, box)
            shown, covered = _warp(picture, to_box, box), _outline(fine, box)
            if opacity is not None:
                covered = covered * _warp(opacity, to_box, box)
            self.blend(box, shown, covered, len(self._quads))
        return len(self._quads)

    def blend(self, box: Box, shown: Plane, covered: Plane, owner: int) -> None:
        part = self.colours[box.cut]
        part += (shown - part) * covered[..., None]
        self.owner[box.cut][covered > 0.5] = owner

    def cover(self, box: Box, shown: Plane, covered: Plane) -> None:
        """Lay something shapeless on what is there."""
        self.blend(box, shown, covered, -1)

    def darken(self, box: Box, by: Plane) -> None:
        self.colours[box.cut] *= (1 - by)[..., None]

    def hidden(self, number: int) -> float:
        """Return which share of a laid thing is covered or beyond the picture."""
        shown = float(np.count_nonzero(self.owner == number))
        return min(1.0, max(0.0, 1 - shown / (abs(area(self._quads[number - 1])) * FINE**2)))

    def picture(self) -> Plane:
        """Return (H, W, 3), 0 to 1, at the size of the finished picture."""
        size = (self.width_px, self.height_px)
        return np.asarray(cv2.resize(self.colours, size, interpolation=cv2.INTER_AREA))

    def around(self, low: npt.NDArray[np.float64], high: npt.NDArray[np.float64]) -> Box:
        """Return the part of the canvas between two of its points."""
        left, top = np.maximum(np.floor(low), 0).astype(int)
        right, bottom = np.minimum(np.ceil(high), self.owner.shape[::-1]).astype(int)
        return Box(int(left), int(top), int(right), int(bottom))

    def _box(self, fine: Quad, margin: float) -> Box:
        return self.around(fine.min(axis=0) - margin, fine.max(axis=0) + margin)

    def _cast(self, fine: Quad, side: float, shadow: Shadow) -> None:
        sigma = max(1.0, shadow.softness * side)
        moved = fine + np.array([shadow.dx, shadow.dy]) * side
        box = self._box(moved, 3 * sigma)
        if not box.empty:
            cast = cv2.GaussianBlur(_outline(moved, box), (0, 0), sigma)
            self.darken(box, np.asarray(cast, np.float32) * np.float32(shadow.strength))


def fitted(picture: Pixels, quad: Quad, aspect: float = 1.0) -> Plane:
    """Return a picture, 0 to 1, no larger than it is seen on the canvas.

    Args:
        aspect: Of its width to its height.
    """
    edges = np.hypot(*(np.roll(quad, -1, axis=0) - quad).T) * FINE
    width, height = max(edges[0], edges[2]), max(edges[1], edges[3])
    most = max(picture.shape[:2])
    size = (_between(width, most * max(1, aspect)), _between(height, most * max(1, 1 / aspect)))
    smaller = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.asarray(smaller, np.float32) / np.float32(255)


def _between(wanted: float, most: float) -> int:
    return max(8, math.ceil(min(wanted, most)))


def _mapping(width: int, height: int, fine: Quad, box: Box) -> npt.NDArray[np.float64]:
    """Return the matrix from pixels of a picture to those of a box, both counted by their middles.

    Corners are where pixels end, half a pixel beyond the middles that OpenCV counts by.
    """
    ends = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32) - 0.5
    aims = (fine - (box.left, box.top)).astype(np.float32) - np.float32(0.5)
    return np.asarray(cv2.getPerspectiveTransform(ends.astype(np.float32), aims), np.float64)


def _warp(picture: Plane, to_box: npt.NDArray[np.float64], box: Box) -> Plane:
    size = (box.right - box.left, box.bottom - box.top)
    warped = cv2.warpPerspective(
        picture, to_box, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, np.float32)


def _outline(fine: Quad, box: Box) -> Plane:
    """Return how far each pixel of a box is covered by a convex quad.

    OpenCV's smooth polygons reach 0.7 px too far.
    """
    x = np.arange(box.left, box.right, dtype=np.float32)[None] + np.float32(0.5)
    y = np.arange(box.top, box.bottom, dtype=np.float32)[:, None] + np.float32(0.5)
    covered = np.ones((box.bottom - box.top, box.right - box.left), np.float32)
    for (left, top), (right, bottom) in zip(fine, np.roll(fine, -1, axis=0), strict=True):
        length = max(1e-6, math.hypot(right - left, bottom - top))
        across, down = (right - left) / length, (bottom - top) / length
        within = np.float32(across) * (y - np.float32(top)) - np.float32(down) * (
            x - np.float32(left)
        )
        np.minimum(covered, within + np.float32(0.5), out=covered)
    return np.clip(covered, 0, 1)
