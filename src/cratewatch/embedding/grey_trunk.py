"""Makes a trunk that takes grey images, cut after a stage of our choice."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from urllib.error import URLError

import safetensors
from torch import nn

from cratewatch.embedding.trunks import TRUNKS, Trunk
from cratewatch.errors import CratewatchError

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


def make_trunk(backbone: str, stages: int, weights: str = "") -> nn.Sequential:
    """Return a trunk that maps (N, 1, S, S) to (N, C, S / stride(stages), S / stride(stages)).

    C is the trunk's channels[stages - 1].

    Args:
        stages: 1..STAGES; the later ones are left out.
        weights: "" for random ones, IMAGENET to download torchvision's, or a file: a state dict
            as torchvision saves it (.pth), .safetensors, or .npz for mobilenet_v1.

    Raises:
        CratewatchError: if the weights cannot be had, read, or do not fit.
    """
    declared = TRUNKS[backbone]
    parts = declared.cut(_with_weights(declared, weights))
    trunk = nn.Sequential(*parts[: stages + 1])
    _take_grey(trunk)
    return trunk


def _with_weights(trunk: Trunk, weights: str) -> nn.Module:
    if weights == IMAGENET and trunk.download:
        try:
            return trunk.download()
        except (URLError, OSError) as error:
            raise CratewatchError(
                f"weights of {trunk.name}: the download failed ({error}); give a file instead"
            ) from error
    net = trunk.build()
    if weights:
        try:
            trunk.load(net, Path(weights))
        except NO_WEIGHTS as error:
            raise CratewatchError(
                f"weights: {weights} does not hold {trunk.name} ({error}); "
                "give a file of its state dict, or leave it out to start from random ones"
            ) from error
    return net


def _take_grey(trunk: nn.Module) -> None:
    """Let the first convolution take one channel, to the same end as three equal ones."""
    first = next(module for module in trunk.modules() if isinstance(module, nn.Conv2d))
    first.weight = nn.Parameter(first.weight.detach().sum(dim=1, keepdim=True))
    first.in_channels = 1
