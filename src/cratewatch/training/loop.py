"""The training loop: triplet margin loss on the hardest triplets of each batch."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import TripletMarginLoss
from pytorch_metric_learning.miners import BatchHardMiner
from torch import Tensor, nn

from cratewatch.embedding import EmbeddingNet, ModelConfig, standardise
from cratewatch.errors import CratewatchError
from cratewatch.training.data import TrainingSet


@dataclass(frozen=True)
class TrainConfig:
    """How long and how hard to train.

    Attributes:
        steps: Optimiser steps.
        artworks: Artworks in a batch.
        images_each: Images of each: its clean cover and queries.
        margin: Of the triplet loss, in Euclidean distance between unit vectors (0..2).
        sharpness: Factor on distances inside the soft margin; towards infinity the loss is the
            hinge of the published triplet networks.
        warm_up: Share of the steps that learn from all triplets of a batch; mining the hardest
            ones from the first step collapses all embeddings to one point.
    """

    model: ModelConfig = field(default_factory=ModelConfig)
    steps: int = 300
    artworks: int = 64
    images_each: int = 3
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    margin: float = 0.0
    sharpness: float = 20.0
    warm_up: float = 0.2
    seed: int = 0


@dataclass(frozen=True)
class TrainProgress:
    """The state after a step."""

    step: int
    steps: int
    loss: float
    seconds: float


class SoftTripletLoss(nn.Module):
    """Triplet loss with a soft margin, on all triplets or on the hardest of each image.

    mean log(1 + exp(sharpness * (d_positive - d_negative + margin))), with Euclidean distances
    (Hermans, Beyer and Leibe 2017, "In Defense of the Triplet Loss", soft-margin variant).
    """

    def __init__(self, margin: float, sharpness: float) -> None:
        super().__init__()
        distance = LpDistance(normalize_embeddings=False)
        self._sharpness = sharpness
        self._miner = BatchHardMiner(distance=distance)
        self._loss = TripletMarginLoss(
            margin=sharpness * margin, smooth_loss=True, distance=distance
        )

    def forward(self, embeddings: Tensor, labels: Tensor, *, mined: bool) -> Tensor:
        """Return the loss of (N, D) unit vectors with (N,) labels.

        Args:
            mined: Take for each image its farthest positive and nearest negative only.
        """
        scaled = self._sharpness * embeddings
        triplets = self._miner(scaled, labels) if mined else None
        loss: Tensor = self._loss(scaled, labels, triplets)
        return loss


class Trainer:
    """Trains an EmbeddingNet; iterate over steps() and take net when it ends."""

    def __init__(self, data: TrainingSet, config: TrainConfig) -> None:
        torch.manual_seed(config.seed)
        self.net = EmbeddingNet(config.model)
        self._data = data
        self._config = config
        self._loss = SoftTripletLoss(config.margin, config.sharpness)

    def steps(self) -> Iterator[TrainProgress]:
        """Train, yielding after every step.

        Raises:
            CratewatchError: if all embeddings collapse to one point.
        """
        config = self._config
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        net = self.net.to(device).to(memory_format=torch.channels_last).train()
        optimiser = torch.optim.AdamW(
            net.parameters(), config.learning_rate, weight_decay=config.weight_decay
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: _learning_rate_factor(step / config.steps)
        )
        rng = np.random.default_rng(config.seed)
        start = time.monotonic()
        for step in range(config.steps):
            batch = self._data.draw(rng, config.artworks, config.images_each)
            images = standardise(batch.images.to(device))
            with torch.autocast(device.type, dtype=torch.bfloat16):
                embeddings = net(images.contiguous(memory_format=torch.channels_last))
            mined = step >= config.warm_up * config.steps
            loss = self._loss(embeddings, batch.labels.to(device), mined=mined)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            _refuse_collapse(embeddings, step)
            yield TrainProgress(
                step + 1, config.steps, float(loss.detach()), time.monotonic() - start
            )
        self.net = net.eval().cpu()


def _learning_rate_factor(progress: float) -> float:
    """Rise over the first twentieth, then fall along a cosine to 0."""
    return min(progress / 0.05 + 0.02, 1.0) * 0.5 * (1 + math.cos(math.pi * progress))


def _refuse_collapse(embeddings: Tensor, step: int) -> None:
    spread = float(embeddings.detach().std(dim=0).mean())
    if spread < 1e-3 or not math.isfinite(spread):
        raise CratewatchError(
            f"training collapsed at step {step}: all embeddings are equal; lower the learning "
            "rate or the margin, or warm up longer"
        )
