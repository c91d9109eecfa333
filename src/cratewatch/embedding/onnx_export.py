"""Writes a network as ONNX, which OpenVINO and other runtimes read; the only use of onnx."""

from __future__ import annotations

import json
import warnings
from dataclasses import asdict

import torch
from torch import Tensor, nn

from cratewatch.embedding.config import ModelConfig
from cratewatch.embedding.installed import has_onnx
from cratewatch.embedding.net import EmbeddingNet, standardise
from cratewatch.errors import CratewatchError

INPUT, OUTPUT = "images", "embeddings"
METADATA = "cratewatch"


class _FromGrey(nn.Module):
    """The network with the part of the preprocessing that is arithmetic."""

    def __init__(self, net: EmbeddingNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> Tensor:
        embeddings: Tensor = self.net(standardise(images))
        return embeddings


def to_onnx(net: EmbeddingNet, config: ModelConfig) -> bytes:
    """Return an ONNX model of a network.

    It maps "images", (N, 1, S, S) uint8, grey, any N, to "embeddings", (N, dim) float32, each row
    of unit length. Its metadata holds the config as JSON under METADATA.

    Raises:
        CratewatchError: if what writes ONNX is not installed.
    """
    if not has_onnx():
        raise CratewatchError(
            "onnx: it is not installed; install cratewatch[openvino], or set runtime to torch"
        )
    side_px = config.image_px
    example = torch.zeros((2, 1, side_px, side_px), dtype=torch.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, about itself
        program = torch.onnx.export(
            _FromGrey(net).eval().cpu(),
            (example,),
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            verbose=False,
        )
    assert program is not None
    program.model.metadata_props[METADATA] = json.dumps(asdict(config), sort_keys=True)
    data: bytes = program.model_proto.SerializeToString()
    return data
