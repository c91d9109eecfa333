"""The two networks of the finder: one proposes quads at a glance, one looks at each again."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from cratewatch.embedding.mobilenet_v1 import MobileNetV1
from cratewatch.finding.config import PATCH_PX

FINE, COARSE = 6, 10
"""Blocks of MobileNetV1 up to stride 8 (192 channels) and to stride 16 (384 channels)."""
WIDTH = 96
SHAPES = 5
HEAT_BIAS = -4.0
"""So that at first hardly any place is taken for a sleeve's centre."""


class Proposer(nn.Module):
    """Centres and corners: a heat map and four corner offsets at a stride of 8 px.

    The trunk is MobileNetV1-0.75 (Howard et al. 2017) without its last blocks; the head of a
    centre point detector (Zhou et al. 2019, "Objects as points") regresses corners for sizes.
    """

    def __init__(self) -> None:
        super().__init__()
        blocks = list(MobileNetV1().blocks)
        self.fine = nn.Sequential(*blocks[:FINE])
        self.coarse = nn.Sequential(*blocks[FINE:COARSE])
        self.narrow = nn.Sequential(_mix(384, WIDTH), _look(WIDTH), _look(WIDTH))
        self.lateral = _mix(192, WIDTH)
        self.head = nn.Sequential(_look(WIDTH), _look(WIDTH))
        self.heat = nn.Conv2d(WIDTH, 1, 1)
        self.corners = nn.Conv2d(WIDTH, 8, 1)
        nn.init.constant_(self.heat.bias, HEAT_BIAS)  # type: ignore[arg-type]

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Map (N, 3, H, W) scaled to -1..1, H and W multiples of 16, to logits and offsets.

        Returns:
            (N, 1, H/8, W/8) and (N, 8, H/8, W/8): x and y of each corner from the place's
            centre, in units of OFFSET_PX.
        """
        fine = self.fine(images)
        coarse = self.narrow(self.coarse(fine))
        both = self.lateral(fine) + functional.interpolate(coarse, scale_factor=2.0)
        seen = self.head(both)
        return self.heat(seen), self.corners(seen)


class Refiner(nn.Module):
    """A second look at a patch that a proposal rectified: how good it is, and where corners are."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(*list(MobileNetV1().blocks)[:FINE])
        self.narrow = nn.Sequential(_look(192), _mix(192, 64), _look(64))
        side = PATCH_PX // 8
        self.pool = nn.Sequential(
            nn.Conv2d(64, 64, 3, 2, 1, groups=64, bias=False), nn.BatchNorm2d(64), nn.ReLU6(),
            _mix(64, 48), nn.Flatten(), nn.Linear(48 * (side // 2) ** 2, 128), nn.ReLU6(),
        )  # fmt: skip
        self.score = nn.Linear(128, 1)
        self.shape = nn.Sequential(nn.Linear(128 + SHAPES, 48), nn.ReLU6(), nn.Linear(48, 1))
        self.corners = nn.Linear(128, 8)
        nn.init.normal_(self.corners.weight, std=1e-3)
        nn.init.zeros_(self.corners.bias)
        nn.init.zeros_(self.shape[2].weight)  # type: ignore[arg-type]

    def forward(self, patches: Tensor, shapes: Tensor) -> tuple[Tensor, Tensor]:
        """Map (N, 3, PATCH_PX, PATCH_PX) scaled to -1..1 to logits (N,) and moves (N, 8).

        A patch does not show whether its quad was oblong, so (N, SHAPES) of quads.shape_of() say
        so. A move is how far x and y of each corner lie from those of the proposal's frame_of(), in
        its sides.
        """
        seen = self.pool(self.narrow(self.trunk(patches)))
        score = self.score(seen) + self.shape(torch.cat([seen, shapes], dim=1))
        return score[:, 0], self.corners(seen)


def scale(pixels: Tensor) -> Tensor:
    """Map uint8 (N, H, W, 3) RGB to float (N, 3, H, W), -1..1, channels last in memory."""
    scaled = pixels.permute(0, 3, 1, 2).to(torch.float32) / 127.5 - 1.0
    return scaled.contiguous(memory_format=torch.channels_last)


def _mix(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU6(),
    )


def _look(channels: int) -> nn.Sequential:
    """A separable convolution of 5 x 5, which sees further at no more cost."""
    return nn.Sequential(
        nn.Conv2d(channels, channels, 5, padding=2, groups=channels, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU6(),
        *_mix(channels, channels),
    )
