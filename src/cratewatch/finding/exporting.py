"""Writes the finder's networks as ONNX, which OpenVINO and other runtimes read."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from cratewatch.embedding.mobilenet_v1 import SameConv2d
from cratewatch.finding.config import PATCH_PX
from cratewatch.finding.looking import MULTIPLE
from cratewatch.finding.net import SHAPES, Proposer, Refiner, scale


class _FromPixels(nn.Module):
    """A network with the part of the preprocessing that is arithmetic, for even sides."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = _with_fixed_padding(copy.deepcopy(net))

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        first, second = self.net(scale(pixels))
        return first, second


class _FromPatches(_FromPixels):
    """The same of a refiner, which is also given the shapes of the patches' quads."""

    def forward(self, pixels: Tensor, shapes: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        score, moves = self.net(scale(pixels), shapes)
        return score, moves


def proposer_onnx(net: Proposer) -> bytes:
    """Return ONNX that maps (N, H, W, 3) uint8 RGB to "heat" and "corners", see Proposer."""
    batch, tall, wide = (torch.export.Dim(name) for name in ("batch", "tall", "wide"))
    sides = {0: batch, 1: MULTIPLE * tall, 2: MULTIPLE * wide}
    example = torch.zeros((2, 8 * MULTIPLE, 6 * MULTIPLE, 3), dtype=torch.uint8)
    return _export(_FromPixels(net), {"pixels": (example, sides)}, ["heat", "corners"])


def refiner_onnx(net: Refiner) -> bytes:
    """Return ONNX that maps (N, PATCH_PX, PATCH_PX, 3) uint8 and (N, SHAPES), see Refiner."""
    batch = {0: torch.export.Dim("batch")}
    patches = torch.zeros((2, PATCH_PX, PATCH_PX, 3), dtype=torch.uint8)
    inputs = {"pixels": (patches, batch), "shapes": (torch.zeros(2, SHAPES), batch)}
    return _export(_FromPatches(net), inputs, ["score", "moves"])


def _with_fixed_padding(net: nn.Module) -> nn.Module:
    """Replace padding that depends on an unknown side, over which the export takes minutes."""
    for parent in list(net.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, SameConv2d):
                setattr(parent, name, nn.Sequential(_padding(child), _convolution(child)))
    return net


def _padding(same: SameConv2d) -> nn.Module:
    missing = same.kernel_size[0] - same.stride[0]
    return nn.ZeroPad2d((missing // 2, missing - missing // 2) * 2)


def _convolution(same: SameConv2d) -> nn.Conv2d:
    sizes = (same.in_channels, same.out_channels, same.kernel_size[0], same.stride[0])
    plain = nn.Conv2d(*sizes, groups=same.groups, bias=False)
    plain.weight = same.weight
    return plain


def _export(
    net: nn.Module, inputs: Mapping[str, tuple[Tensor, Mapping[int, object]]], outputs: list[str]
) -> bytes:
    """Export a network; each input has an example and those of its sides that vary."""
    examples, sides = zip(*inputs.values(), strict=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, about itself
        program = torch.onnx.export(
            net.eval().cpu(),
            examples,
            input_names=list(inputs),
            output_names=outputs,
            dynamic_shapes=tuple(dict(varying) for varying in sides),
            verbose=False,
        )
    assert program is not None
    data: bytes = program.model_proto.SerializeToString()
    return data
