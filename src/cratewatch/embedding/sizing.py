"""How many pictures a network takes at once in the memory that there is."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from cratewatch.embedding.net import EmbeddingNet, ModelConfig

CPU_BATCH = 64
"""Larger batches leave the processor's caches: no faster with any model measured."""
GPU_BATCH = 512
MEMORY_SHARE = 0.5
"""Of what is free. Measured peaks are up to 1.2 times what picture_bytes() reckons."""


def batch_for(config: ModelConfig, free_bytes: int, most: int) -> int:
    """Return how many pictures fit, from 1 to most."""
    return max(1, min(most, int(MEMORY_SHARE * free_bytes) // picture_bytes(config)))


def picture_bytes(config: ModelConfig) -> int:
    """Return what a network holds of one picture at once, in float32: a layer's input and output.

    Found by a pass without data, so that it costs neither memory nor arithmetic.
    """
    sizes: list[int] = []

    def note(_: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
        sizes.append(sum(value.numel() for value in inputs) + output.numel())

    with torch.device("meta"):
        net = EmbeddingNet(config).eval()
        for layer in net.modules():
            if not list(layer.children()):
                layer.register_forward_hook(note)
        net(torch.empty(1, 1, config.image_px, config.image_px))
    return 4 * max(sizes)
