"""Networks in files of a user's, whatever they are for: on the CPU by OpenVINO, or on a GPU."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from cratewatch.embedding.graphs import Graph, Network, OneByOne
from cratewatch.embedding.openvino_runtime import Compiled, free_batch, read_file, shapes


def read_graph(file: Path, device: Literal["cpu", "cuda"]) -> Graph:
    """Read a network's file: ONNX, or OpenVINO's xml, which runs on the CPU wherever others run.

    Raises:
        CratewatchError: if it cannot be read, or what runs it is not installed.
    """
    if device == "cpu" or file.suffix == ".xml":
        return _OpenVinoGraph(file)
    from cratewatch.embedding.onnx_runtime import OnnxGraph

    return OnnxGraph(file)


class _OpenVinoGraph:
    def __init__(self, file: Path) -> None:
        self._model = read_file(file)
        self.inputs, self.outputs = shapes(self._model)

    def one_by_one(self, threads: int = 0) -> Network:
        return OneByOne(Compiled(self._model, "fp32", threads))

    def in_batches(self, threads: int = 0) -> Network:
        return Compiled(free_batch(self._model), "fp32", threads)
