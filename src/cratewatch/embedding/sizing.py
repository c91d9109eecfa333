"""How many pictures a network takes at once in the memory that there is."""

from __future__ import annotations

from cratewatch.embedding.config import ModelConfig

CPU_BATCH = 64
"""Larger batches leave the processor's caches: no faster with any model measured."""
GPU_BATCH = 512
MEMORY_SHARE = 0.5
"""Of what is free. Measured peaks are up to 1.2 times what picture_bytes() reckons."""
VALUES_PER_PX = 32
"""Of a layer's input and output together, for each pixel of the picture, in the ResNets: 64
channels at half its side, before and after. The other backbones have fewer."""


def batch_for(config: ModelConfig, free_bytes: int, most: int) -> int:
    """Return how many pictures fit, from 1 to most."""
    return max(1, min(most, int(MEMORY_SHARE * free_bytes) // picture_bytes(config)))


def picture_bytes(config: ModelConfig) -> int:
    """Return what a network holds of one picture at once, in float32."""
    return 4 * VALUES_PER_PX * config.image_px**2
