"""What a training tells on its way, to processes that need no PyTorch for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recall:
    """Shares of the validation queries whose artwork is the best match, or among five."""

    at_1: float
    at_5: float


@dataclass(frozen=True)
class TrainProgress:
    """The state after a step.

    Attributes:
        seconds: Since the training began, without the time that it lay interrupted.
        left_s: What the remaining steps will take at the rate so far.
        waiting: Share of the time in which the loop waited for batches.
        recall: On the validation artworks, measured at the end of the latest round.
    """

    step: int
    steps: int
    loss: float
    seconds: float
    left_s: float
    waiting: float
    recall: Recall | None


@dataclass(frozen=True)
class FitProgress:
    """The state of a fit that goes down no loss: how far it is, and what it does there."""

    step: int
    steps: int
    doing: str
