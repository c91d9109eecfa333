"""Finds persons in frames, by a model that was trained on COCO: YOLOX or RT-DETR."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.embedding.graph_files import read_graph
from cratewatch.embedding.graphs import Graph, Network
from cratewatch.embedding.openvino_runtime import Shape
from cratewatch.errors import CratewatchError
from cratewatch.finding.quads import Rgb
from cratewatch.footage.persons import Detection

SHIPPED_DETECTOR = Path(__file__).parent / "shipped" / "yolox_nano.onnx"
PERSON = 0
"""COCO's first class."""
YOLOX_STRIDES = (8, 16, 32)
YOLOX_GREY = 114
FREE_SIDE_PX = 640
"""Input side of a model that takes any."""

Plane = npt.NDArray[np.float32]


@dataclass(frozen=True)
class DetectionConfig:
    """What counts as seen.

    Attributes:
        least_conf: Below that a person is not even told; the tracker has thresholds of its own.
        most_overlap: Two boxes that share more (intersection over union) are one person's.
        least_height_px: Of a person.
    """

    least_conf: float = 0.10
    most_overlap: float = 0.60
    least_height_px: float = 8.0


class Decoder(Protocol):
    """Knows what a kind of model takes and gives."""

    def look(self, pictures: Sequence[Rgb]) -> list[tuple[Plane, Plane]]:
        """Return persons' boxes (N, 4) in pixels of each picture, and confidences (N,)."""


class PersonDetector(Protocol):
    """Tells the persons of frames, here or elsewhere."""

    def detect(self, pictures: Sequence[Rgb]) -> list[list[Detection]]:
        """Return the persons of each picture, the surest first."""


class Detector:
    """Tells the persons of frames, by a model of its own."""

    def __init__(
        self,
        file: Path = SHIPPED_DETECTOR,
        config: DetectionConfig | None = None,
        threads: int = 0,
        device: Literal["cpu", "cuda"] = "cpu",
    ) -> None:
        """Load a model, compiled for this processor or GPU.

        Raises:
            CratewatchError: if it is no model that this module knows.
        """
        self.name = file.name
        self._config = config or DetectionConfig()
        self._decoder = _decoder(file, read_graph(file, device), threads)

    def detect(self, pictures: Sequence[Rgb]) -> list[list[Detection]]:
        """Return the persons of each picture, the surest first."""
        looked = self._decoder.look(pictures) if pictures else []
        return [self._persons(one, *told) for one, told in zip(pictures, looked, strict=True)]

    def _persons(self, pixels: Rgb, boxes: Plane, confs: Plane) -> list[Detection]:
        height, width = pixels.shape[:2]
        boxes = np.clip(boxes, 0, np.array([width, height, width, height], np.float32))
        config = self._config
        tall = boxes[:, 3] - boxes[:, 1] >= config.least_height_px
        sure = (confs >= config.least_conf) & tall & (boxes[:, 2] - boxes[:, 0] >= 2)
        boxes, confs = boxes[sure], confs[sure]
        kept = keep_surest(boxes, confs, config.most_overlap)
        return [Detection(_box(boxes[n]), float(min(1.0, confs[n]))) for n in kept]


def keep_surest(boxes: Plane, confs: Plane, most_overlap: float) -> list[int]:
    """Return which of overlapping boxes stay, the surest first (non-maximum suppression)."""
    order = np.argsort(-confs, kind="stable")
    kept: list[int] = []
    while order.size:
        first, order = order[0], order[1:]
        kept.append(int(first))
        order = order[overlaps(boxes[first : first + 1], boxes[order])[0] <= most_overlap]
    return kept


def overlaps(one: Plane, other: Plane) -> Plane:
    """Return the intersection over union of boxes (N, 4) and (M, 4): (N, M)."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    areas = [np.prod(b[:, 2:] - b[:, :2], axis=1) for b in (one, other)]
    whole = areas[0][:, None] + areas[1][None] - shared
    return np.asarray(shared / np.maximum(whole, 1e-9), np.float32)


def _box(row: Plane) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(value) for value in row)
    return x1, y1, x2, y2


def _decoder(file: Path, graph: Graph, threads: int) -> Decoder:
    inputs, outputs = graph.inputs, graph.outputs
    picture = next(iter(inputs.values()), ())
    side = _input_side(picture)
    if side:
        if len(inputs) == len(outputs) == 1 and _is_yolox(next(iter(outputs.values())), side):
            return _Yolox(graph.one_by_one(threads), side)
        if kind := _rt_detr(inputs, outputs):
            return kind(graph.one_by_one(threads), side, list(outputs))
    raise CratewatchError(
        f"{file}: neither a YOLOX nor an RT-DETR model: it takes {_told(inputs)} and gives "
        f"{_told(outputs)}; give an ONNX file of one of these, or leave the option out"
    )


def _input_side(shape: Shape) -> tuple[int, int] | None:
    """Return height and width of the pictures that a model takes; None if it takes others."""
    if len(shape) != 4 or shape[1] != 3 or shape[0] not in (1, None):
        return None
    return shape[2] or FREE_SIDE_PX, shape[3] or FREE_SIDE_PX


def _is_yolox(shape: Shape, side: tuple[int, int]) -> bool:
    cells = sum((side[0] // stride) * (side[1] // stride) for stride in YOLOX_STRIDES)
    return len(shape) == 3 and shape[1] in (cells, None) and (shape[2] or 0) >= 6


def _rt_detr(
    inputs: dict[str, Shape], outputs: dict[str, Shape]
) -> type[_RtDetrLogits] | type[_RtDetrBoxes] | None:
    if {"logits", "pred_boxes"} <= outputs.keys() and len(inputs) == 1:
        return _RtDetrLogits
    if {"labels", "boxes", "scores"} <= outputs.keys() and len(inputs) == 2:
        return _RtDetrBoxes
    return None


def _told(ports: dict[str, Shape]) -> str:
    sides = {name: "x".join(str(s or "?") for s in shape) for name, shape in ports.items()}
    return ", ".join(f"{name} {shape}" for name, shape in sides.items())


class _Yolox:
    """The model as its makers export it: boxes still in units of its grid."""

    def __init__(self, model: Network, side: tuple[int, int]) -> None:
        self._model = model
        self._height, self._width = side
        self._grid, self._stride = _cells(*side)

    def look(self, pictures: Sequence[Rgb]) -> list[tuple[Plane, Plane]]:
        factors = [min(self._height / p.shape[0], self._width / p.shape[1]) for p in pictures]
        scaled = [self._input(one, by) for one, by in zip(pictures, factors, strict=True)]
        told = self._model(np.stack(scaled))[0]
        return [self._boxes(one, by) for one, by in zip(told, factors, strict=True)]

    def _boxes(self, told: Plane, factor: float) -> tuple[Plane, Plane]:
        sure = np.flatnonzero(told[:, 4] * told[:, 5 + PERSON] > 0.01)
        told, stride = told[sure], self._stride[sure]
        centres = (told[:, :2] + self._grid[sure]) * stride
        halves = np.exp(told[:, 2:4]) * stride / 2
        boxes = np.concatenate([centres - halves, centres + halves], axis=1) / factor
        return np.asarray(boxes, np.float32), told[:, 4] * told[:, 5 + PERSON]

    def _input(self, pixels: Rgb, factor: float) -> Plane:
        size = round(pixels.shape[1] * factor), round(pixels.shape[0] * factor)
        canvas = np.full((self._height, self._width, 3), YOLOX_GREY, np.uint8)
        canvas[: size[1], : size[0]] = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)
        return np.asarray(canvas[:, :, ::-1].transpose(2, 0, 1), np.float32)


def _cells(height: int, width: int) -> tuple[Plane, Plane]:
    """Return the corner of each cell of YOLOX's grids (A, 2), and its stride (A, 1)."""
    corners, strides = [], []
    for stride in YOLOX_STRIDES:
        rows, columns = np.mgrid[: height // stride, : width // stride]
        corners.append(np.stack([columns.ravel(), rows.ravel()], axis=1))
        strides.append(np.full((rows.size, 1), stride))
    return np.concatenate(corners).astype(np.float32), np.concatenate(strides).astype(np.float32)


class _RtDetrLogits:
    """As Hugging Face's exporter writes it: logits and boxes in shares of the picture."""

    def __init__(self, model: Network, side: tuple[int, int], names: list[str]) -> None:
        self._logits, self._boxes = names.index("logits"), names.index("pred_boxes")
        self._side = side
        self._model = model

    def look(self, pictures: Sequence[Rgb]) -> list[tuple[Plane, Plane]]:
        told = self._model(_unit_pictures(pictures, self._side))
        logits, boxes = told[self._logits], told[self._boxes]
        return [self._persons(*one) for one in zip(pictures, logits, boxes, strict=True)]

    def _persons(self, pixels: Rgb, logits: Plane, told: Plane) -> tuple[Plane, Plane]:
        centre, size = told[:, :2], told[:, 2:]
        boxes = np.concatenate([centre - size / 2, centre + size / 2], axis=1)
        height, width = pixels.shape[:2]
        confs = np.asarray(1 / (1 + np.exp(-logits[:, PERSON])), np.float32)
        return boxes * np.array([width, height, width, height], np.float32), confs


class _RtDetrBoxes:
    """As its makers export it: labels, boxes in pixels and scores; it takes the picture's size."""

    def __init__(self, model: Network, side: tuple[int, int], names: list[str]) -> None:
        self._places = [names.index(name) for name in ("labels", "boxes", "scores")]
        self._side = side
        self._model = model

    def look(self, pictures: Sequence[Rgb]) -> list[tuple[Plane, Plane]]:
        sizes = np.array([[one.shape[1], one.shape[0]] for one in pictures], np.int64)
        told = self._model(_unit_pictures(pictures, self._side), sizes)
        labels, boxes, scores = (told[place] for place in self._places)
        return [
            (boxes[n][labels[n] == PERSON], scores[n][labels[n] == PERSON])
            for n in range(len(pictures))
        ]


def _unit_pictures(pictures: Sequence[Rgb], side: tuple[int, int]) -> Plane:
    size = (side[1], side[0])
    small = [cv2.resize(one, size, interpolation=cv2.INTER_LINEAR) for one in pictures]
    return np.asarray(np.stack(small).transpose(0, 3, 1, 2) / 255, np.float32)
