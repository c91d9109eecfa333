"""Footage of drawn figures, and a detector that is told where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.videos import write

onnx = pytest.importorskip("onnx")

ORANGE, BLUE, GREEN, BLACK = (235, 120, 20), (40, 60, 170), (30, 130, 50), (15, 15, 15)
WIDTH, HEIGHT = 320, 240
Box = tuple[float, float, float, float]
FIGURES: tuple[tuple[Box, tuple[int, int, int], tuple[int, int, int]], ...] = (
    ((40, 40, 110, 220), ORANGE, BLUE),
    ((200, 50, 268, 225), GREEN, BLACK),
)
"""Box, colour above and colour below."""


def picture(number: int = 0) -> np.ndarray:
    """A grey room with the figures in it; it flickers a little."""
    canvas = np.full((HEIGHT, WIDTH, 3), 150 + number % 3, np.uint8)
    for (x1, y1, x2, y2), upper, lower in FIGURES:
        tall = y2 - y1
        canvas[int(y1 + 0.15 * tall) : int(y1 + 0.5 * tall), int(x1) : int(x2)] = upper
        canvas[int(y1 + 0.5 * tall) : int(y2), int(x1) : int(x2)] = lower
        canvas[int(y1) : int(y1 + 0.15 * tall), int(x1) + 20 : int(x2) - 20] = (200, 160, 130)
        canvas[int(y1 + 0.2 * tall) : int(y2) : 9, int(x1) : int(x2) : 5] = 90
    return canvas


def footage(path: Path, frames: int = 60) -> Path:
    """Write some seconds of them, ten frames a second."""
    return write(path, [picture(n) for n in range(frames)], rate=10)


BOXES = tuple(figure[0] for figure in FIGURES)


def detector(path: Path, boxes: Sequence[Box] = BOXES) -> Path:
    """Write an RT-DETR model that sees these persons in whatever it is shown."""
    helper, kinds = onnx.helper, onnx.TensorProto
    logits = np.full((1, max(1, len(boxes)), 80), -9.0, np.float32)
    logits[0, : len(boxes), 0] = 4.0
    shares = np.zeros((1, max(1, len(boxes)), 4), np.float32)
    for n, (x1, y1, x2, y2) in enumerate(boxes):
        centre = (x1 + x2) / 2 / WIDTH, (y1 + y2) / 2 / HEIGHT
        shares[0, n] = (*centre, (x2 - x1) / WIDTH, (y2 - y1) / HEIGHT)
    nodes = [
        helper.make_node("Constant", [], ["zero"], value_float=0.0),
        helper.make_node("ReduceSum", ["picture"], ["sum"], keepdims=0),
        helper.make_node("Mul", ["sum", "zero"], ["nothing"]),
    ]
    outputs = {"logits": logits, "pred_boxes": shares}
    for name, value in outputs.items():
        constant = onnx.numpy_helper.from_array(value, name)
        nodes.append(helper.make_node("Constant", [], [f"{name}_c"], value=constant))
        nodes.append(helper.make_node("Add", [f"{name}_c", "nothing"], [name]))
    told = [helper.make_tensor_value_info(k, kinds.FLOAT, v.shape) for k, v in outputs.items()]
    taken = [helper.make_tensor_value_info("picture", kinds.FLOAT, (1, 3, 64, 64))]
    model = helper.make_model(
        helper.make_graph(nodes, "told", taken, told),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.save(model, str(path))
    return path
