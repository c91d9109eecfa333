"""The network: a trunk on grey images, pooling, a linear head, unit length."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from cratewatch.embedding.config import ModelConfig
from cratewatch.embedding.grey_trunk import make_trunk
from cratewatch.embedding.trunks import TRUNKS, stride


class GeM(nn.Module):
    """Generalised mean over the places of a map, with an exponent that is learnt."""

    def __init__(self, exponent: float = 3.0, floor: float = 1e-4) -> None:
        super().__init__()
        self.exponent = nn.Parameter(torch.tensor(exponent))
        self._floor = floor

    def forward(self, maps: Tensor) -> Tensor:
        """Map (N, C, h, w) to (N, C)."""
        powers = maps.float().clamp(min=self._floor) ** self.exponent
        return powers.mean(dim=(2, 3)) ** (1.0 / self.exponent)


class EmbeddingNet(nn.Module):
    """Grey images to embeddings of unit length."""

    def __init__(self, config: ModelConfig, weights: str = "") -> None:
        """Build the network; see make_trunk() for weights of its trunk, and what it raises."""
        super().__init__()
        self.trunk = make_trunk(config.backbone, config.stages, weights)
        width = TRUNKS[config.backbone].channels[config.stages - 1]
        if config.pooling == "map":
            self.pool: nn.Module = nn.Flatten()
            width *= math.ceil(config.image_px / stride(config.stages)) ** 2
        elif config.pooling == "gem":
            self.pool = GeM()
        else:
            self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(width, config.dim)

    def forward(self, images: Tensor) -> Tensor:
        """Map (N, 1, S, S) float32, standardised, to (N, dim) float32 of unit length."""
        return functional.normalize(self.head(self.pool(self.trunk(images))).float())


def standardise(images: Tensor) -> Tensor:
    """Scale (N, 1, S, S) to mean 0 and deviation 1 for each image: gain and offset vanish."""
    images = images.float()
    deviation, mean = torch.std_mean(images, dim=(1, 2, 3), keepdim=True)
    return (images - mean) / deviation.clamp(min=1.0)
