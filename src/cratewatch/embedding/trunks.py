"""Convolutional trunks on grey images, each cut after a stage of our choice."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Literal, get_args
from urllib.error import URLError

import safetensors
import safetensors.torch
import torch
from torch import nn

from cratewatch.embedding.mobilenet_v1 import MobileNetV1, load_npz
from cratewatch.errors import CratewatchError

Backbone = Literal["resnet18", "resnet34", "resnet50", "regnet_y_400mf", "mobilenet_v1"]
BACKBONES: tuple[Backbone, ...] = get_args(Backbone)
IMAGENET = "imagenet"
NO_WEIGHTS = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    RuntimeError,
    EOFError,
    pickle.UnpicklingError,
    safetensors.SafetensorError,
    zipfile.BadZipFile,
)
"""What files raise that are none of weights, or of another network."""
STAGES = 4
"""Of every backbone; the first brings the image to a quarter of its side, each other halves it."""
_CHANNELS: dict[Backbone, tuple[int, ...]] = {
    "resnet18": (64, 128, 256, 512),
    "resnet34": (64, 128, 256, 512),
    "resnet50": (256, 512, 1024, 2048),
    "regnet_y_400mf": (48, 104, 208, 440),
    "mobilenet_v1": (96, 192, 384, 768),
}


def make_trunk(backbone: Backbone, stages: int, weights: str = "") -> nn.Sequential:
    """Return a trunk that maps (N, 1, S, S) to (N, channels(), S / stride(), S / stride()).

    Args:
        stages: 1..STAGES; the later ones are left out.
        weights: "" for random ones, IMAGENET to download torchvision's, or a file: a state dict
            as torchvision saves it (.pth), .safetensors, or .npz for mobilenet_v1.

    Raises:
        CratewatchError: if the weights cannot be had, read, or do not fit.
    """
    net = _with_weights(backbone, weights)
    parts = _mobilenet_parts(net) if isinstance(net, MobileNetV1) else _torchvision_parts(net)
    trunk = nn.Sequential(*parts[: stages + 1])
    _take_grey(trunk)
    return trunk


def channels(backbone: Backbone, stages: int) -> int:
    """Return how many channels a trunk's map has."""
    return _CHANNELS[backbone][stages - 1]


def stride(stages: int) -> int:
    """Return the pixels of the image for each place of a trunk's map."""
    return int(2 ** (stages + 1))


def _with_weights(backbone: Backbone, weights: str) -> nn.Module:
    if weights == IMAGENET and backbone != "mobilenet_v1":
        try:
            return _torchvision_net(backbone, "DEFAULT")
        except (URLError, OSError) as error:
            raise CratewatchError(
                f"weights of {backbone}: the download failed ({error}); give a file instead"
            ) from error
    net = MobileNetV1() if backbone == "mobilenet_v1" else _torchvision_net(backbone, None)
    if weights:
        try:
            _load(net, Path(weights))
        except NO_WEIGHTS as error:
            raise CratewatchError(
                f"weights: {weights} does not hold {backbone} ({error}); "
                "give a file of its state dict, or leave it out to start from random ones"
            ) from error
    return net


def _torchvision_net(backbone: Backbone, weights: str | None) -> nn.Module:
    from torchvision import models  # takes seconds, and who runs OpenVINO does without

    net: nn.Module = models.get_model(backbone, weights=weights)
    return net


def _load(net: nn.Module, file: Path) -> None:
    if isinstance(net, MobileNetV1):
        load_npz(net, file)
    elif file.suffix == ".safetensors":
        net.load_state_dict(safetensors.torch.load_file(file))
    else:
        net.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))


def _torchvision_parts(net: nn.Module) -> list[nn.Module]:
    """Return the stem and the stages of a ResNet or a RegNet."""
    parts = dict(net.named_children())
    if "layer1" in parts:
        stem = nn.Sequential(parts["conv1"], parts["bn1"], parts["relu"], parts["maxpool"])
        return [stem, parts["layer1"], parts["layer2"], parts["layer3"], parts["layer4"]]
    return [parts["stem"], *parts["trunk_output"].children()]


def _mobilenet_parts(net: MobileNetV1) -> list[nn.Module]:
    blocks = list(net.blocks)
    cuts = ((0, 2), (2, 4), (4, 6), (6, 12), (12, 14))
    return [nn.Sequential(*blocks[start:end]) for start, end in cuts]


def _take_grey(trunk: nn.Module) -> None:
    """Let the first convolution take one channel, to the same end as three equal ones."""
    first = next(module for module in trunk.modules() if isinstance(module, nn.Conv2d))
    first.weight = nn.Parameter(first.weight.detach().sum(dim=1, keepdim=True))
    first.in_channels = 1
