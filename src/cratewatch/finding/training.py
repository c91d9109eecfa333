"""Trains the finder's networks on pictures that are drawn meanwhile.

First the proposer, then the refiner on what the proposer proposes.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from cratewatch.finding.drawn_batches import CANVAS_PX
from cratewatch.finding.losses import propose_loss, refine_loss
from cratewatch.finding.net import Proposer, Refiner, scale
from cratewatch.finding.second_looks import looks_at
from cratewatch.finding.targets import make_target
from cratewatch.synthesis.whole_pictures.drawing import WholePicture

FROZEN = 3
"""Blocks of the trunk that stay as ImageNet left them: at full size they cost most."""
WARM_UP_STEPS = 100
Batches = Iterator[list[WholePicture]]
Tell = Callable[[int, float], None]
"""Is told each step and its loss."""


@dataclass(frozen=True)
class FinderTraining:
    """How long and how a network is trained.

    Attributes:
        average: Share of the steps over which weights are averaged.
    """

    steps: int = 3000
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    average: float = 0.1
    seed: int = 0


def train_proposer(net: Proposer, batches: Batches, config: FinderTraining, tell: Tell) -> Proposer:
    """Train a proposer; return a copy with the running mean of its weights."""
    trainer = _Trainer(net, net.fine[:FROZEN], config)
    for step in range(config.steps):
        pictures = next(batches)
        images = torch.from_numpy(np.stack([picture.image for picture in pictures]))
        targets = [make_target(picture.sleeves, CANVAS_PX) for picture in pictures]
        wanted = {
            name: torch.from_numpy(np.stack([getattr(target, name) for target in targets]))
            for name in ("heat", "care", "corners", "weight")
        }
        heat, offsets = net(scale(images))
        tell(step, trainer.step(propose_loss(heat, offsets, wanted)))
    averaged: Proposer = trainer.averaged  # type: ignore[assignment]
    return averaged


def train_refiner(
    net: Refiner, proposer: Proposer, batches: Batches, config: FinderTraining, tell: Tell
) -> Refiner:
    """Train a refiner on what a proposer proposes; return as train_proposer()."""
    rng = np.random.default_rng([config.seed, 2])
    proposer.eval()
    trainer = _Trainer(net, net.trunk[:FROZEN], config)
    averaged: Refiner = trainer.averaged  # type: ignore[assignment]
    for step in range(config.steps):
        looks = looks_at(proposer, averaged, next(batches), rng)
        patches = torch.from_numpy(np.stack([look.patch for look in looks]))
        wanted = {
            "good": torch.tensor([look.good for look in looks], dtype=torch.float32),
            "moves": torch.from_numpy(np.stack([look.moves for look in looks])),
            "known": torch.tensor([look.known for look in looks]),
        }
        shapes = torch.from_numpy(np.stack([look.shape for look in looks]))
        scores, moves = net(scale(patches), shapes)
        tell(step, trainer.step(refine_loss(scores, moves, wanted)))
    return averaged


class _Trainer:
    """Takes the steps of one network's training."""

    def __init__(self, net: nn.Module, frozen: nn.Module, config: FinderTraining) -> None:
        net.to(memory_format=torch.channels_last).train()
        frozen.requires_grad_(requires_grad=False)
        self._net, self._frozen, self._config = net, frozen, config
        self._weights = [weight for weight in net.parameters() if weight.requires_grad]
        self._optimiser = torch.optim.AdamW(
            self._weights, config.learning_rate, weight_decay=config.weight_decay
        )
        course = partial(_course, steps=config.steps)
        self._rate = torch.optim.lr_scheduler.LambdaLR(self._optimiser, course)
        self._steps = 0
        self.averaged = copy.deepcopy(net).eval()
        frozen.eval()

    def step(self, loss: Tensor) -> float:
        """Take a step down a loss; return it."""
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._weights, 5.0)
        self._optimiser.step()
        self._rate.step()
        last = max(1.0, self._config.average * self._config.steps)
        self._average(min(1 - 1 / last, self._steps / (self._steps + 10)))
        self._steps += 1
        return float(loss.detach())

    @torch.no_grad()
    def _average(self, kept: float) -> None:
        means, now = self.averaged.state_dict(), self._net.state_dict()
        for mean, value in zip(means.values(), now.values(), strict=True):
            if mean.dtype.is_floating_point:
                mean.lerp_(value, 1 - kept)
            else:
                mean.copy_(value)


def _course(step: int, steps: int) -> float:
    """Return the share of the learning rate: warm up, then down along a cosine."""
    warm = min(1.0, (step + 1) / WARM_UP_STEPS)
    return warm * (0.01 + 0.99 * (1 + math.cos(math.pi * min(1.0, step / steps))) / 2)
