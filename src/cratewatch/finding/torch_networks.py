"""Runs the finder's networks by PyTorch: where OpenVINO is not installed, and in training."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import torch
from torch import nn

from cratewatch.finding.net import Proposer, Refiner, scale
from cratewatch.finding.networks import Plane
from cratewatch.finding.quads import Rgb

Net = TypeVar("Net", bound=nn.Module)


class TorchNetworks:
    """Both networks on one device; see networks.Networks."""

    def __init__(self, proposer: Proposer, refiner: Refiner, device: str = "cpu") -> None:
        self._device = torch.device(device)
        self._proposer = _ready(proposer, self._device)
        self._refiner = _ready(refiner, self._device)

    def propose(self, pictures: Rgb) -> tuple[Plane, Plane]:
        """Map (N, H, W, 3) to logits (N, h, w) and offsets (N, 8, h, w)."""
        with torch.inference_mode():
            heat, offsets = self._proposer(scale(torch.from_numpy(pictures).to(self._device)))
        return _plane(heat[:, 0]), _plane(offsets)

    def refine(self, patches: Rgb, shapes: Plane) -> tuple[Plane, Plane]:
        """Map (N, PATCH_PX, PATCH_PX, 3) and shapes (N, 5) to logits (N,) and moves (N, 8)."""
        with torch.inference_mode():
            pixels = scale(torch.from_numpy(patches).to(self._device))
            logits, moves = self._refiner(pixels, torch.from_numpy(shapes).to(self._device))
        return _plane(logits), _plane(moves)


def _ready(net: Net, device: torch.device) -> Net:
    return net.to(device).to(memory_format=torch.channels_last).eval()


def _plane(tensor: torch.Tensor) -> Plane:
    return np.asarray(tensor.float().cpu().numpy(), np.float32)
