"""Ways to find sleeves that were not made for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.evaluation.finding.quads import Quad, iou, is_convex, side_px
from cratewatch.evaluation.finding.truth import Finder, FoundSleeve
from cratewatch.images.reading import Pixels

LONG_PX = (400, 800)
LEAST_SIDE_PX = 30
MOST_SHARE = 0.9
SAME_IOU = 0.5
LEAST_CORNER_DEG, MOST_CORNER_DEG = 50, 130
MOST_ASPECT = 2.0
BEST_CONTOURS = 20

YOLOX_PX = 416
STRIDES = (8, 16, 32)
BOOK = 73
LEAST_BOOK = 0.05
GREY = 114


@dataclass(frozen=True)
class Quadrilateral:
    quad: Quad
    score: float


class Whole:
    """Takes the whole picture for a sleeve."""

    def find(self, image: Pixels) -> list[FoundSleeve]:
        height, width = image.shape[:2]
        return [Quadrilateral(_rectangle(0, 0, width, height), 1.0)]


class Contours:
    """Takes contours with four corners, by edges and by local thresholds, strongest edges first."""

    def find(self, image: Pixels) -> list[FoundSleeve]:
        found = [one for long_px in LONG_PX for one in _contours(image, long_px)]
        return _once_each(found)[:BEST_CONTOURS]


class Books:
    """Takes what YOLOX-nano calls a book, the box as the quad."""

    def __init__(self, weights: Path) -> None:
        self._net = cv2.dnn.readNetFromONNX(str(weights))
        self._grid, self._stride = _anchors()

    def find(self, image: Pixels) -> list[FoundSleeve]:
        scale = YOLOX_PX / max(image.shape[:2])
        size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
        framed = np.full((YOLOX_PX, YOLOX_PX, 3), GREY, np.float32)
        framed[: size[1], : size[0]] = cv2.resize(image, size)[..., ::-1]
        self._net.setInput(np.ascontiguousarray(framed.transpose(2, 0, 1)[None]))
        rows = np.asarray(self._net.forward())[0]
        scores = rows[:, 4] * rows[:, 5 + BOOK]
        kept = scores >= LEAST_BOOK
        middle = (rows[kept, :2] + self._grid[kept]) * self._stride[kept] / scale
        half = np.exp(rows[kept, 2:4]) * self._stride[kept] / scale / 2
        boxes = np.column_stack([middle - half, middle + half])
        return _once_each(
            [
                Quadrilateral(_rectangle(*box), float(score))
                for box, score in zip(boxes.tolist(), scores[kept], strict=True)
            ]
        )


def baselines(weights: Path) -> dict[str, Callable[[], Finder]]:
    """Return by their names how to make them.

    Args:
        weights: Of YOLOX-nano, .onnx.
    """
    return {"whole": Whole, "contours": Contours, "book": lambda: Books(weights)}


def _rectangle(left: float, top: float, right: float, bottom: float) -> Quad:
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return np.array(corners, np.float64)


def _once_each(found: list[FoundSleeve]) -> list[FoundSleeve]:
    """Return what does not overlap a better one by much, the best first."""
    kept: list[FoundSleeve] = []
    for one in sorted(found, key=lambda quad: -quad.score):
        if all(iou(one.quad, other.quad) < SAME_IOU for other in kept):
            kept.append(one)
    return kept


def _contours(image: Pixels, long_px: int) -> Iterator[FoundSleeve]:
    scale = min(1.0, long_px / max(image.shape[:2]))
    grey = _grey(image, (round(image.shape[1] * scale), round(image.shape[0] * scale)))
    strength = _edge_strength(grey)
    for mask in _masks(grey):
        for quad in _four_cornered(mask):
            whole = side_px(quad) ** 2 > MOST_SHARE * grey.size
            if _like_a_square(quad) and not whole:
                yield Quadrilateral(quad / scale, _strength_along(quad, strength))


def _grey(image: Pixels, size: tuple[int, int]) -> Pixels:
    smaller = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(cv2.cvtColor(smaller, cv2.COLOR_RGB2GRAY), (0, 0), 1.0)
    return np.asarray(blurred, np.uint8)


def _masks(grey: Pixels) -> Iterator[Pixels]:
    middle = float(np.median(grey))
    for low, high in ((0.66, 1.33), (0.3, 0.7)):
        edges = cv2.Canny(grey, low * middle, min(255.0, high * middle))
        yield np.asarray(cv2.dilate(edges, np.ones((3, 3), np.uint8)))
    for kind in (cv2.THRESH_BINARY, cv2.THRESH_BINARY_INV):
        method = cv2.ADAPTIVE_THRESH_GAUSSIAN_C
        yield np.asarray(cv2.adaptiveThreshold(grey, 255, method, kind, 31, 5))


def _four_cornered(mask: Pixels) -> Iterator[Quad]:
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    for contour in contours:
        if cv2.contourArea(contour) < LEAST_SIDE_PX**2:
            continue
        for outline in (contour, cv2.convexHull(contour)):
            corners = cv2.approxPolyDP(outline, 0.04 * cv2.arcLength(outline, True), True)
            if len(corners) == 4:
                # Contours run through the middles of pixels.
                yield corners.reshape(4, 2).astype(np.float64) + 0.5
                break


def _like_a_square(quad: Quad) -> bool:
    if not is_convex(quad) or side_px(quad) < LEAST_SIDE_PX:
        return False
    edges = np.roll(quad, -1, axis=0) - quad
    lengths = np.hypot(*edges.T)
    cosines = -(edges * np.roll(edges, 1, axis=0)).sum(axis=1) / (lengths * np.roll(lengths, 1))
    corners = np.degrees(np.arccos(np.clip(cosines, -1, 1)))
    right = bool(((corners > LEAST_CORNER_DEG) & (corners < MOST_CORNER_DEG)).all())
    pairs = lengths[:2] + lengths[2:]
    return right and bool(pairs.max() / pairs.min() < MOST_ASPECT)


def _edge_strength(grey: Pixels) -> npt.NDArray[np.float32]:
    across, down = (cv2.Sobel(grey, cv2.CV_32F, *way) for way in ((1, 0), (0, 1)))
    return np.asarray(cv2.dilate(cv2.magnitude(across, down), np.ones((3, 3))), np.float32)


def _strength_along(quad: Quad, strength: npt.NDArray[np.float32]) -> float:
    """Return how strong the edges along a quad are, its weakest side, more for a larger quad."""
    shares = np.linspace(0.05, 0.95, 40)[:, None]
    height, width = strength.shape
    sides = []
    for start, end in zip(quad, np.roll(quad, -1, axis=0), strict=True):
        points = (start + shares * (end - start)).astype(int)
        x, y = np.clip(points[:, 0], 0, width - 1), np.clip(points[:, 1], 0, height - 1)
        sides.append(float(np.median(strength[y, x])))
    return min(sides) * side_px(quad) ** 0.5


def _anchors() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return the cell (N, 2) and the stride (N, 1) of each row that YOLOX gives."""
    grids, strides = [], []
    for stride in STRIDES:
        cells = YOLOX_PX // stride
        y, x = np.mgrid[:cells, :cells]
        grids.append(np.column_stack([x.ravel(), y.ravel()]))
        strides.append(np.full((cells * cells, 1), stride))
    return np.concatenate(grids).astype(np.float32), np.concatenate(strides).astype(np.float32)
