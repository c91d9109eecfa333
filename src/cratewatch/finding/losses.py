"""What the finder's two networks are punished for."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from cratewatch.finding.config import OFFSET_PX

CORNER_WEIGHT = 10.0
MOVE_WEIGHT = 4.0
MOVE_BETA = 0.01
"""Sides of a sleeve below which an error counts squared."""


def propose_loss(heat: Tensor, offsets: Tensor, wanted: Mapping[str, Tensor]) -> Tensor:
    """Return the loss of a batch of the proposer's maps, see net.Proposer and targets.Target."""
    centres = _focal(heat[:, 0], wanted["heat"], wanted["care"])
    corners = _corner_error(offsets, wanted["corners"], wanted["weight"])
    return centres + CORNER_WEIGHT * corners


def refine_loss(scores: Tensor, moves: Tensor, wanted: Mapping[str, Tensor]) -> Tensor:
    """Return the loss of a batch of N second looks, see net.Refiner.

    Args:
        wanted: `good`, (N,) from 0, no sleeve, to 1, a sleeve, -1 where it does not matter;
            `moves`, (N, 8); `known`, (N,) bool: whether the moves are.
    """
    good, known = wanted["good"], wanted["known"]
    matters = good >= 0
    loss = functional.binary_cross_entropy_with_logits(scores[matters], good[matters])
    if known.any():
        error = functional.smooth_l1_loss(
            moves[known], wanted["moves"][known], beta=MOVE_BETA, reduction="none"
        )
        loss = loss + MOVE_WEIGHT * error.sum(dim=1).mean()
    return loss


def _focal(logits: Tensor, heat: Tensor, care: Tensor) -> Tensor:
    """Return the focal loss of a heat map whose peaks are 1 (Law and Deng 2018)."""
    likely = torch.sigmoid(logits)
    at_peak = heat == 1
    found = -functional.logsigmoid(logits) * (1 - likely) ** 2
    invented = -functional.logsigmoid(-logits) * likely**2 * (1 - heat) ** 4
    total = torch.where(at_peak, found, invented) * care
    return total.sum() / at_peak.sum().clamp(min=1)


def _corner_error(offsets: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """Return the mean distance of corners in sides, counted from whichever corner fits best."""
    turned = torch.stack([torch.roll(wanted, 2 * turn, dims=1) for turn in range(4)])
    errors = (offsets - turned).abs().mean(dim=2)
    best = errors.min(dim=0).values * weight * OFFSET_PX
    return best.sum() / (weight > 0).sum().clamp(min=1)
