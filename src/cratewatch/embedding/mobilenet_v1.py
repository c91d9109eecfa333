"""MobileNetV1 (Howard et al. 2017, "MobileNets") and its weights as TensorFlow names them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 0.75
CHANNELS = (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
STRIDES = (2, 1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
"""Of the first convolution and the thirteen separable ones."""


class SameConv2d(nn.Conv2d):
    """A convolution whose output has the input's side over the stride, rounded up.

    TensorFlow's padding: of an odd number of pixels the larger part lies right and below.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Pad, then convolve."""
        padding: list[int] = []
        for axis in (1, 0):  # functional.pad begins with the last dimension
            side, kernel, stride = input.shape[2 + axis], self.kernel_size[axis], self.stride[axis]
            missing = max((-(-side // stride) - 1) * stride + kernel - side, 0)
            padding += [missing // 2, missing - missing // 2]
        return super().forward(functional.pad(input, padding))


class MobileNetV1(nn.Module):
    """The features of MobileNetV1-0.75, (N, 3, S, S) scaled to -1..1 to (N, 768, S/32, S/32)."""

    def __init__(self) -> None:
        super().__init__()
        widths = [round(WIDTH * channels) for channels in CHANNELS]
        self.blocks = nn.ModuleList([_convolution(3, widths[0], STRIDES[0], kernel=3)])
        for n in range(1, len(widths)):
            self.blocks.append(
                nn.Sequential(
                    _convolution(widths[n - 1], widths[n - 1], STRIDES[n], kernel=3, deep=True),
                    _convolution(widths[n - 1], widths[n], 1, kernel=1),
                )
            )

    def forward(self, images: Tensor) -> Tensor:
        """Return what the last block makes of the images."""
        for block in self.blocks:
            images = block(images)
        return images


def load_npz(net: nn.Module, file: Path) -> None:
    """Load weights named as in TensorFlow: conv1/kernel, conv_dw_1/depthwise_kernel, ...

    Raises:
        OSError, ValueError: if the file is none of NumPy's.
        KeyError, RuntimeError: if a tensor is missing or has another shape.
    """
    with np.load(file) as weights:
        tensors = {name: torch.from_numpy(weights[name]) for name in weights.files}
    state: dict[str, Tensor] = {}
    for n in range(len(CHANNELS)):
        parts = (
            {"conv1": f"blocks.{n}"}
            if n == 0
            else {
                f"conv_dw_{n}": f"blocks.{n}.0",
                f"conv_pw_{n}": f"blocks.{n}.1",
            }
        )
        for name, module in parts.items():
            state |= _convolution_state(tensors, name, module)
    net.load_state_dict(state, strict=False)  # only the counts of batches are not in the file


def _convolution_state(tensors: dict[str, Tensor], name: str, module: str) -> dict[str, Tensor]:
    deep = name.startswith("conv_dw")
    kernel = tensors[f"{name}/{'depthwise_' if deep else ''}kernel"]
    return {
        f"{module}.0.weight": kernel.permute(2, 3, 0, 1) if deep else kernel.permute(3, 2, 0, 1),
        f"{module}.1.weight": tensors[f"{name}_bn/gamma"],
        f"{module}.1.bias": tensors[f"{name}_bn/beta"],
        f"{module}.1.running_mean": tensors[f"{name}_bn/moving_mean"],
        f"{module}.1.running_var": tensors[f"{name}_bn/moving_variance"],
    }


def _convolution(
    channels_in: int, channels_out: int, stride: int, *, kernel: int, deep: bool = False
) -> nn.Sequential:
    groups = channels_in if deep else 1
    return nn.Sequential(
        SameConv2d(channels_in, channels_out, kernel, stride, groups=groups, bias=False),
        nn.BatchNorm2d(channels_out, eps=1e-3),
        nn.ReLU6(inplace=True),
    )
