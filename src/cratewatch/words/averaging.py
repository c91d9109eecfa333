"""A copy of a network that follows it slowly: the mean of what its weights were of late."""

from __future__ import annotations

from torch import nn


def follow(slow: nn.Module, net: nn.Module, stays: float) -> None:
    """Move a copy of a network towards it.

    Args:
        slow: Of the same architecture; buffers such as the statistics of norms follow as well.
        stays: Which share of the copy stays as it was, 0..1.
    """
    followed = net.state_dict()
    for name, kept in slow.state_dict().items():
        if kept.dtype.is_floating_point:
            kept.lerp_(followed[name], 1 - stays)
        else:
            kept.copy_(followed[name])


def stays_at(step: int, most: float) -> float:
    """Return the share that stays after a step, less at first: what is random is soon forgotten.

    Args:
        step: Counted from 0.
        most: What it grows to.
    """
    return min(most, (1 + step) / (10 + step))
