"""Embeds persons by how they look, so that the same one is known again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.embedding.graph_files import read_graph
from cratewatch.embedding.openvino_runtime import Shape
from cratewatch.errors import CratewatchError
from cratewatch.finding.quads import Rgb
from cratewatch.footage.persons import Box

SHIPPED_APPEARANCE = Path(__file__).parent / "shipped" / "person-reidentification-retail-0288.xml"
IMAGENET_MEAN = np.array([0.485, 0.456, 0.406], np.float32) * 255
IMAGENET_STD = np.array([0.229, 0.224, 0.225], np.float32) * 255
FREE_SIZE_PX = (256, 128)
"""Height and width of crops for a model that takes any."""

Embeddings = npt.NDArray[np.float32]
"""(N, D), each row of unit length."""


class PersonEmbedder(Protocol):
    """Embeds persons, here or elsewhere."""

    def embed(self, pixels: Rgb, boxes: Sequence[Box]) -> Embeddings:
        """Return the embeddings of the persons in these boxes of a picture, in their order."""


class Appearance:
    """Embeds crops of persons, by a model of its own.

    OpenVINO's xml takes bytes as floats in BGR, as all of its zoo do; an ONNX file RGB, normalised
    as for ImageNet, as those of torchreid and its like do.
    """

    def __init__(
        self,
        file: Path = SHIPPED_APPEARANCE,
        threads: int = 0,
        device: Literal["cpu", "cuda"] = "cpu",
    ) -> None:
        """Load a model, compiled for this processor or GPU; one of OpenVINO's runs on the CPU.

        Raises:
            CratewatchError: if it does not make one vector of one picture.
        """
        self.name = file.name
        self._is_onnx = file.suffix != ".xml"
        graph = read_graph(file, device)
        self._size = _input_size(graph.inputs, graph.outputs, file)
        try:
            self._model = graph.in_batches(threads)
        except RuntimeError as error:
            raise CratewatchError(
                f"{file}: it takes no more than one person at a time; export it with a free batch"
            ) from error

    def embed(self, pixels: Rgb, boxes: Sequence[Box]) -> Embeddings:
        """Return the embeddings of the persons in these boxes of a picture, in their order."""
        if not boxes:
            return np.empty((0, 1), np.float32)
        crops = np.stack([self._crop(pixels, box) for box in boxes])
        told = self._model(crops)[0].reshape(len(boxes), -1)
        lengths = np.linalg.norm(told, axis=1, keepdims=True)
        return np.asarray(told / np.maximum(lengths, 1e-9), np.float32)

    def _crop(self, pixels: Rgb, box: Box) -> npt.NDArray[np.float32]:
        x1, y1 = max(0, int(box[0])), max(0, int(box[1]))
        crop = pixels[y1 : max(y1 + 1, round(box[3])), x1 : max(x1 + 1, round(box[2]))]
        height, width = self._size
        values = np.asarray(cv2.resize(crop, (width, height)), np.float32)
        values = (values - IMAGENET_MEAN) / IMAGENET_STD if self._is_onnx else values[:, :, ::-1]
        return values.transpose(2, 0, 1)


def _input_size(inputs: dict[str, Shape], outputs: dict[str, Shape], file: Path) -> tuple[int, int]:
    shape = next(iter(inputs.values()), ())
    made = next(iter(outputs.values()), ())
    if len(inputs) != 1 or len(shape) != 4 or shape[1] != 3 or len(made) not in (2, 4):
        raise CratewatchError(
            f"{file}: no model that makes one vector of a person's picture; give one that takes "
            "(N, 3, height, width) and gives (N, numbers), or leave the option out"
        )
    return shape[2] or FREE_SIZE_PX[0], shape[3] or FREE_SIZE_PX[1]
