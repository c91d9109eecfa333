"""Builds the network that a training asks for, and says which of its parts learn how fast."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn

from cratewatch.words.looks import SIZE_PX
from cratewatch.words.person_net import PersonNet
from cratewatch.words.train_config import WordsConfig


def build_net(config: WordsConfig) -> Any:
    """Return a WordsNet.

    Raises:
        CratewatchError: if what it starts from cannot be read.
    """
    if config.blip:
        from cratewatch.words.blip_net import BlipNet

        return BlipNet(Path(config.blip), Path(config.captioner) if config.captioner else None)
    return PersonNet(config.net, Path(config.trunk) if config.trunk else None, config.frozen)


def picture_size(config: WordsConfig) -> tuple[int, int]:
    """Return the height and width of the pictures that a training shows its network.

    Raises:
        CratewatchError: if BLIP's folder cannot be read.
    """
    if config.least_squares:
        return SIZE_PX
    if config.blip:
        from cratewatch.words.blip_net import picture_side

        side = picture_side(Path(config.blip))
        return side, side
    return config.net.height_px, config.net.height_px // 2


def trained_parts(objective: nn.Module, config: WordsConfig) -> list[dict[str, Any]]:
    """Return the optimiser's groups: weights, their share of the learning rate, and their decay.

    What shifts or scales, of one dimension, does not decay.
    """
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, weight in objective.named_parameters():
        if weight.requires_grad:
            share = config.trunk_share if name.startswith("net.trunk.") else 1.0
            decay = config.weight_decay if weight.ndim > 1 else 0.0
            groups.setdefault((share, decay), []).append(weight)
    return [
        {"params": weights, "share": share, "weight_decay": decay}
        for (share, decay), weights in groups.items()
    ]
