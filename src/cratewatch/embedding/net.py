"""The network: a trunk on grey images, pooling, a linear head, unit length."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from cratewatch.embedding.trunks import BACKBONES, STAGES, Backbone, channels, make_trunk, stride

Pooling = Literal["map", "gem", "mean"]
POOLINGS: tuple[Pooling, ...] = get_args(Pooling)


@dataclass(frozen=True)
class ModelConfig:
    """What has to be known to run a model again.

    Attributes:
        stages: Of the backbone, 1..4; the later ones are left out.
        pooling: How the trunk's map becomes one vector: "map" keeps every place of it, since
            cover and query show the sleeve in about the same place; "gem" is the generalised
            mean (Radenovic et al. 2018), "mean" the plain one.
        image_px: Side of the square that every image is resized to.
        cover_margin: Frame laid around a cover before it is embedded, as a share of its side,
            since a query shows the sleeve with some of what is around it. Measured on the
            demo's covers after 150 steps: recall@1 0.54 without, 0.70 with 0.14.
        dim: Length of an embedding.
    """

    backbone: Backbone = "resnet18"
    stages: int = 3
    pooling: Pooling = "map"
    image_px: int = 64
    cover_margin: float = 0.14
    dim: int = 128

    def __post_init__(self) -> None:
        """Raise ValueError for what no network has."""
        if self.backbone not in BACKBONES:
            raise ValueError(f"backbone {self.backbone!r} is none of {', '.join(BACKBONES)}")
        if self.pooling not in POOLINGS:
            raise ValueError(f"pooling {self.pooling!r} is none of {', '.join(POOLINGS)}")
        if not 1 <= self.stages <= STAGES:
            raise ValueError(f"{self.stages} stages: a backbone has 1 to {STAGES}")
        if self.image_px < 2 * stride(self.stages):
            raise ValueError(f"{self.image_px} px are too few for {self.stages} stages")


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
        width = channels(config.backbone, config.stages)
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
