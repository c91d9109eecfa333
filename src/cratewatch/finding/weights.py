"""The weights of both networks in one file, in half precision."""

from __future__ import annotations

from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from cratewatch.embedding.mobilenet_v1 import MobileNetV1, load_npz
from cratewatch.errors import CratewatchError
from cratewatch.finding.net import Proposer, Refiner


def save_networks(proposer: Proposer, refiner: Refiner) -> bytes:
    """Return both networks' weights as safetensors."""
    state = {
        f"{part}.{name}": tensor.half() if tensor.dtype.is_floating_point else tensor
        for part, net in (("proposer", proposer), ("refiner", refiner))
        for name, tensor in net.state_dict().items()
    }
    data: bytes = safetensors.torch.save({name: t.contiguous() for name, t in state.items()})
    return data


def load_networks(data: bytes, where: str) -> tuple[Proposer, Refiner]:
    """Return the networks that save_networks() was given.

    Args:
        where: The file's name, for errors.

    Raises:
        CratewatchError: if the bytes are no such weights.
    """
    proposer, refiner = Proposer(), Refiner()
    try:
        state = safetensors.torch.load(data)
        proposer.load_state_dict(_part(state, "proposer"))
        refiner.load_state_dict(_part(state, "refiner"))
    except (safetensors.SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise CratewatchError(
            f"finder {where}: no weights of this version ({reason}); install cratewatch anew"
        ) from error
    return proposer.eval(), refiner.eval()


def start_from_imagenet(net: Proposer | Refiner, file: Path) -> None:
    """Give a network's trunk the weights of MobileNetV1 on ImageNet, see mobilenet_v1.load_npz."""
    trained = MobileNetV1()
    load_npz(trained, file)
    parts = [*net.fine, *net.coarse] if isinstance(net, Proposer) else [*net.trunk]
    for part, block in zip(parts, trained.blocks, strict=False):
        part.load_state_dict(block.state_dict())


def _part(state: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    return {
        key.removeprefix(f"{name}."): tensor.float() if tensor.dtype == torch.half else tensor
        for key, tensor in state.items()
        if key.startswith(f"{name}.")
    }
