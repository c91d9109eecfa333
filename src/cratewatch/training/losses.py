"""Losses over a batch of embeddings, their mining, and a memory of earlier batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import (
    CrossBatchMemory,
    MultiSimilarityLoss,
    SupConLoss,
    TripletMarginLoss,
)
from pytorch_metric_learning.losses.generic_pair_loss import GenericPairLoss
from pytorch_metric_learning.miners import TripletMarginMiner
from torch import Tensor, nn
from torch.nn import functional

from cratewatch.errors import CratewatchError
from cratewatch.training.config import LossConfig, LossName, Mining

WARMUP: tuple[tuple[float, Literal["all", "semihard", "hard"]], ...] = (
    (0.2, "all"),
    (0.6, "semihard"),
    (1.0, "hard"),
)
"""Until which share of the training which triplets count: the hard ones alone, from the first
step on, can make all embeddings collapse to one point."""


class SoftTripletLoss(GenericPairLoss):  # type: ignore[misc]  # the library is untyped
    """The triplet loss with a soft margin, mined softly.

    For each anchor log(1 + sum of exp((d_positive - d_negative + margin) / temperature) over its
    triplets), with Euclidean distances; averaged over anchors. It is the soft-margin triplet
    loss (Hermans, Beyer and Leibe 2017, "In Defense of the Triplet Loss") with the sum over
    triplets inside the logarithm (as in Sohn 2016, "N-pair Loss"), so that the hardest
    positives and negatives weigh most, without the collapse that mining them alone brings on.
    """

    def __init__(self, margin: float, temperature: float) -> None:
        super().__init__(mat_based_loss=True)
        self._margin = margin
        self._temperature = temperature

    def _compute_loss(
        self, distances: Tensor, positive: Tensor, negative: Tensor
    ) -> dict[str, dict[str, object]]:
        scaled = distances / self._temperature
        positives = torch.logsumexp(scaled.masked_fill(positive == 0, -torch.inf), dim=1)
        negatives = torch.logsumexp((-scaled).masked_fill(negative == 0, -torch.inf), dim=1)
        whole = positive.any(dim=1) & negative.any(dim=1)
        violation = (positives + negatives)[whole] + self._margin / self._temperature
        anchors = torch.arange(len(distances), device=distances.device)[whole]
        losses = functional.softplus(violation)
        return {"loss": {"losses": losses, "indices": anchors, "reduction_type": "element"}}

    def get_default_distance(self) -> LpDistance:
        """Return the distance that margins are meant in: 0 to 2 for vectors of unit length."""
        return _euclidean()


class Memory(CrossBatchMemory):  # type: ignore[misc]  # the library is untyped
    """A cross-batch memory that takes our own loss, too."""

    @staticmethod
    def supported_losses() -> list[str]:
        """Return the names of losses that the library lets a memory serve, and ours."""
        return [*CrossBatchMemory.supported_losses(), SoftTripletLoss.__name__]


class Objective(nn.Module):
    """The loss of a whole batch; its state is the memory's content."""

    def __init__(self, config: LossConfig, dim: int) -> None:
        super().__init__()
        self._config = config
        self._loss = _make_loss(config)
        self._memory = Memory(self._loss, dim, config.memory) if config.memory else None

    def forward(self, embeddings: Tensor, labels: Tensor, progress: float) -> Tensor:
        """Return the loss.

        Args:
            embeddings: (N, D), L2-normalised.
            labels: (N,), equal for one identity.
            progress: Share of the training that is done, 0..1.

        Raises:
            CratewatchError: if the batch is larger than the memory.
        """
        mine = self._miner(progress)
        pairs = mine(embeddings, labels) if mine else None
        loss: Tensor = self._loss(embeddings, labels, pairs)
        if self._memory is None:
            return loss
        if len(embeddings) > self._config.memory:
            raise CratewatchError(
                f"--memory: {self._config.memory} is less than a batch of {len(embeddings)} images"
            )
        if progress < self._config.memory_from:
            self._memory.add_to_memory(embeddings, labels, len(embeddings))
            return loss
        self._memory.miner = mine
        remembered: Tensor = self._memory(embeddings, labels)
        return loss + remembered

    def get_extra_state(self) -> dict[str, int | bool]:
        """Return how far the memory's ring is filled, which the library does not keep."""
        if self._memory is None:
            return {}
        return {"at": self._memory.queue_idx, "full": self._memory.has_been_filled}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Take what get_extra_state() returned."""
        if self._memory is not None:
            self._memory.queue_idx = int(state["at"])
            self._memory.has_been_filled = bool(state["full"])

    def _miner(self, progress: float) -> Callable[..., object] | None:
        config = self._config
        if config.name != "triplet":
            return None
        kind = triplets_at(config.mining, progress)
        miner: Callable[..., object] = TripletMarginMiner(
            config.margin, kind, distance=_euclidean()
        )
        return miner


def triplets_at(mining: Mining, progress: float) -> Literal["all", "semihard", "hard"]:
    """Return which triplets count at a share of the training, 0..1."""
    if mining != "warmup":
        return mining
    return next(kind for until, kind in WARMUP if progress <= until)


def _euclidean() -> LpDistance:
    return LpDistance(normalize_embeddings=False, p=2, power=1)


def _make_loss(config: LossConfig) -> nn.Module:
    made: dict[LossName, Callable[[], nn.Module]] = {
        "soft_triplet": lambda: SoftTripletLoss(config.margin, config.temperature),
        "triplet": lambda: TripletMarginLoss(config.margin, distance=_euclidean()),
        "multi_similarity": MultiSimilarityLoss,
        "infonce": lambda: SupConLoss(config.temperature),
    }
    return made[config.name]()
