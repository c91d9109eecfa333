"""How to train: what who asks for a training says. PyTorch is imported by what trains."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, get_args

from cratewatch.embedding.config import ModelConfig
from cratewatch.errors import CratewatchError

LossName = Literal["soft_triplet", "triplet", "multi_similarity", "infonce"]
Mining = Literal["warmup", "all", "semihard", "hard"]
LOSSES: tuple[LossName, ...] = get_args(LossName)
MININGS: tuple[Mining, ...] = get_args(Mining)
Precision = Literal["bf16", "fp32"]


@dataclass(frozen=True)
class LossConfig:
    """Which loss, and how it is taken.

    Attributes:
        mining: Which triplets count for "triplet"; the other losses weigh all of them.
        margin: Of the triplet losses, in Euclidean distance between unit vectors (0..2).
        temperature: Of the soft triplet loss and of InfoNCE.
        memory: Embeddings of earlier batches that serve as negatives and positives as well
            (Wang et al. 2020, "Cross-Batch Memory"); 0 for none.
        memory_from: Share of the training after which the memory counts: at first the network
            changes too fast for it.
    """

    name: LossName = "soft_triplet"
    mining: Mining = "warmup"
    margin: float = 0.0
    temperature: float = 0.05
    memory: int = 0
    memory_from: float = 0.2

    def __post_init__(self) -> None:
        """Raise CratewatchError for a loss that there is not."""
        if self.name not in LOSSES:
            raise CratewatchError(f"--loss: {self.name!r} is none of {', '.join(LOSSES)}")
        if self.mining not in MININGS:
            raise CratewatchError(f"--mining: {self.mining!r} is none of {', '.join(MININGS)}")
        if not 0 <= self.margin <= 2:
            raise CratewatchError(
                f"--margin: {self.margin}; distances of unit vectors are within 0..2"
            )
        if self.memory < 0:
            raise CratewatchError(f"--memory: {self.memory}; it is at least 0")
        if not 0 < self.temperature < math.inf:
            raise CratewatchError(f"--temperature: {self.temperature}; it is a number above 0")


@dataclass(frozen=True)
class Draw:
    """What a batch is made of.

    Attributes:
        artworks: In a batch of all workers together.
        images_each: Of each artwork: its clean cover and queries.
        sketched: Share of queries that are drawn on the fly; the others come from shards.
        turn: Whether artworks are turned and mirrored as a whole.
        confused: Share of artworks that come with one that the model took them for.
    """

    artworks: int = 64
    images_each: int = 3
    sketched: float = 0.7
    turn: bool = True
    confused: float = 0.3

    def __post_init__(self) -> None:
        """Raise ValueError for a batch that no loss can be taken of."""
        if self.artworks < 2 or self.images_each < 2:
            raise ValueError(
                f"artworks {self.artworks}, with {self.images_each} images of each: a batch needs "
                "two artworks or more, and two images or more of each"
            )


@dataclass(frozen=True)
class TrainConfig:
    """How long and how hard to train.

    Attributes:
        weights: Where the network starts from, see start_net(); "" for random ones.
        steps: Optimiser steps.
        round_steps: Of a round; between rounds the model is validated, confused artworks are
            looked for, and a checkpoint is written.
        pieces: Into which each worker cuts its share of a batch, to save memory.
        precision: Of the forward and backward pass; embeddings and loss are float32.
        drawers: Processes of each worker that draw batches ahead; 0 draws in the loop. None takes
            one beside a CPU, which learns more slowly than one draws, and beside a GPU one for
            each further CPU of the worker, up to loop.MAX_DRAWERS.
    """

    model: ModelConfig = field(default_factory=ModelConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    draw: Draw = field(default_factory=Draw)
    weights: str = ""
    steps: int = 400
    round_steps: int = 200
    pieces: int = 1
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    precision: Precision = "bf16"
    drawers: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Raise ValueError, the field's name first, for what cannot be trained with."""
        if self.precision not in get_args(Precision):
            raise ValueError(f"precision {self.precision!r} is neither bf16 nor fp32")
        if not 0 <= self.learning_rate < math.inf:
            raise ValueError(f"learning_rate {self.learning_rate}: give a number from 0 on")
