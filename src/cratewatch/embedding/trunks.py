"""The convolutional trunks that there are, as data: to add one is one entry of TRUNKS.

Configurations are read where nothing is embedded, so that PyTorch is imported by what builds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

STAGES = 4
"""Of every trunk; the first brings the image to a quarter of its side, each other halves it."""


@dataclass(frozen=True)
class Trunk:
    """A network whose first stages can be a trunk.

    Attributes:
        channels: Of the map after each of its STAGES.
        build: Returns the whole network with random weights.
        cut: Returns the network's stem and its stages.
        load: Fills the network from a file; raises what it likes if that does not fit.
        download: Returns the network with weights from ImageNet; None if nobody has any.
    """

    name: str
    channels: tuple[int, ...]
    build: Callable[[], nn.Module]
    cut: Callable[[nn.Module], list[nn.Module]]
    load: Callable[[nn.Module, Path], None]
    download: Callable[[], nn.Module] | None = None


def stride(stages: int) -> int:
    """Return the pixels of the image for each place of a trunk's map."""
    return int(2 ** (stages + 1))


def _from_torchvision(
    name: str, channels: tuple[int, ...], cut: Callable[[nn.Module], list[nn.Module]]
) -> Trunk:
    net = partial(_torchvision_net, name)
    return Trunk(name, channels, net, cut, _load_state_dict, partial(net, "DEFAULT"))


def _torchvision_net(name: str, weights: str | None = None) -> nn.Module:
    from torchvision import models

    net: nn.Module = models.get_model(name, weights=weights)
    return net


def _load_state_dict(net: nn.Module, file: Path) -> None:
    import safetensors.torch
    import torch

    if file.suffix == ".safetensors":
        net.load_state_dict(safetensors.torch.load_file(file))
    else:
        net.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))


def _resnet_parts(net: nn.Module) -> list[nn.Module]:
    from torch import nn

    parts = dict(net.named_children())
    stem = nn.Sequential(parts["conv1"], parts["bn1"], parts["relu"], parts["maxpool"])
    return [stem, parts["layer1"], parts["layer2"], parts["layer3"], parts["layer4"]]


def _regnet_parts(net: nn.Module) -> list[nn.Module]:
    parts = dict(net.named_children())
    return [parts["stem"], *parts["trunk_output"].children()]


def _mobilenet_v1() -> nn.Module:
    from cratewatch.embedding.mobilenet_v1 import MobileNetV1

    return MobileNetV1()


def _mobilenet_parts(net: nn.Module) -> list[nn.Module]:
    from torch import nn

    blocks = list(net.get_submodule("blocks").children())
    cuts = ((0, 2), (2, 4), (4, 6), (6, 12), (12, 14))
    return [nn.Sequential(*blocks[start:end]) for start, end in cuts]


def _load_mobilenet(net: nn.Module, file: Path) -> None:
    from cratewatch.embedding.mobilenet_v1 import load_npz

    load_npz(net, file)


TRUNKS = {
    trunk.name: trunk
    for trunk in (
        _from_torchvision("resnet18", (64, 128, 256, 512), _resnet_parts),
        _from_torchvision("resnet34", (64, 128, 256, 512), _resnet_parts),
        _from_torchvision("resnet50", (256, 512, 1024, 2048), _resnet_parts),
        _from_torchvision("regnet_y_400mf", (48, 104, 208, 440), _regnet_parts),
        Trunk(
            "mobilenet_v1",
            (96, 192, 384, 768),
            _mobilenet_v1,
            _mobilenet_parts,
            _load_mobilenet,
        ),
    )
}
