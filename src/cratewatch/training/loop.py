"""The training loop: triplet loss, mined softly within each batch."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

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
        turn: Whether artworks are turned and mirrored, which makes eight identities of one.
        jitter: How far each image is moved at random, 0 for not at all; see data.move().
        margin: Of the triplet loss, in Euclidean distance between unit vectors (0..2).
        sharpness: Of the soft margin, and of the mining: how much the hardest triplets outweigh
            the others.
    """

    model: ModelConfig = field(default_factory=ModelConfig)
    steps: int = 400
    artworks: int = 64
    images_each: int = 3
    turn: bool = True
    jitter: float = 1.0
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    margin: float = 0.0
    sharpness: float = 20.0
    seed: int = 0


@dataclass(frozen=True)
class TrainProgress:
    """The state after a step."""

    step: int
    steps: int
    loss: float
    seconds: float


def soft_triplet_loss(
    embeddings: Tensor, labels: Tensor, sharpness: float, margin: float = 0.0
) -> Tensor:
    """Return the triplet loss with a soft margin, mined softly within the batch.

    For each anchor log(1 + sum of exp(sharpness * (d_positive - d_negative + margin)) over its
    triplets), with Euclidean distances; averaged over anchors. It is the soft-margin triplet
    loss (Hermans, Beyer and Leibe 2017, "In Defense of the Triplet Loss") with the sum over
    triplets inside the logarithm (as in Sohn 2016, "N-pair Loss"), so that the hardest
    positives and negatives weigh most, without the collapse that mining them alone brings on.

    Args:
        embeddings: (N, D), L2-normalised.
        labels: (N,), equal for images of one artwork.
    """
    scaled = sharpness * torch.cdist(embeddings, embeddings)
    same = labels[:, None] == labels
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    positives = torch.logsumexp(scaled.masked_fill(~same | itself, -torch.inf), dim=1)
    negatives = torch.logsumexp((-scaled).masked_fill(same, -torch.inf), dim=1)
    return functional.softplus(positives + negatives + sharpness * margin).mean()


class Trainer:
    """Trains an EmbeddingNet; iterate over steps() and take net when it ends."""

    def __init__(self, data: TrainingSet, config: TrainConfig) -> None:
        torch.manual_seed(config.seed)
        self.net = EmbeddingNet(config.model)
        self._data = data
        self._config = config

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
            batch = self._data.draw(
                rng, config.artworks, config.images_each, turn=config.turn, jitter=config.jitter
            )
            images = standardise(batch.images.to(device))
            with torch.autocast(device.type, dtype=torch.bfloat16):
                embeddings = net(images.contiguous(memory_format=torch.channels_last))
            loss = soft_triplet_loss(
                embeddings, batch.labels.to(device), config.sharpness, config.margin
            )
            optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            _refuse_collapse(embeddings, step)
            yield TrainProgress(
                step + 1, config.steps, float(loss.detach()), time.monotonic() - start
            )
        self.net = net.eval().cpu()


def _learning_rate_factor(progress: float) -> float:
    """Rise over the first tenth, then fall along a cosine to 0."""
    return min(progress / 0.1 + 0.02, 1.0) * 0.5 * (1 + math.cos(math.pi * progress))


def _refuse_collapse(embeddings: Tensor, step: int) -> None:
    spread = float(embeddings.detach().std(dim=0).mean())
    if not math.isfinite(spread):
        what = "embeddings are no numbers any more"
    elif spread < 1e-3:
        what = "all embeddings are equal"
    else:
        return
    raise CratewatchError(
        f"training collapsed at step {step}: {what}; lower --learning-rate or --margin"
    )
