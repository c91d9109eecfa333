"""Runs the finder's exported networks by OpenVINO, on the CPU."""

from __future__ import annotations

import numpy as np

from cratewatch.embedding.inference import Precision
from cratewatch.embedding.openvino_runtime import Compiled, read_onnx
from cratewatch.finding.networks import Plane
from cratewatch.finding.quads import Rgb

BATCHES = 4
"""Of whose multiples batches of patches are."""


class OpenVinoNetworks:
    """Both networks, compiled for this processor; see networks.Networks."""

    def __init__(
        self, proposer: bytes, refiner: bytes, precision: Precision = "auto", threads: int = 0
    ) -> None:
        """Compile two ONNX files.

        Raises:
            CratewatchError: if OpenVINO is not installed or cannot read them.
        """
        self._proposer = Compiled(read_onnx(proposer), precision, threads)
        self._refiner = Compiled(read_onnx(refiner), precision, threads)

    def propose(self, pictures: Rgb) -> tuple[Plane, Plane]:
        """Map (N, H, W, 3) to logits (N, h, w) and offsets (N, 8, h, w)."""
        heat, offsets = self._proposer(pictures)
        return heat[:, 0], offsets

    def refine(self, patches: Rgb, shapes: Plane) -> tuple[Plane, Plane]:
        """Map (N, PATCH_PX, PATCH_PX, 3) and shapes (N, 5) to logits (N,) and moves (N, 8)."""
        count = len(patches)
        # What runs a batch is made anew for each size of it, which takes as long as 30 patches do.
        more = -count % BATCHES
        padded = np.pad(patches, ((0, more), (0, 0), (0, 0), (0, 0)))
        logits, moves = self._refiner(padded, np.pad(shapes, ((0, more), (0, 0))))
        return logits[:count], moves[:count]
