"""Networks with the weights of a model folder."""

from __future__ import annotations

import safetensors
import safetensors.torch
from torch import Tensor

from cratewatch.embedding.config import ModelConfig
from cratewatch.embedding.model_folder import CONFIG, WEIGHTS, ModelFolder
from cratewatch.embedding.net import EmbeddingNet
from cratewatch.errors import CratewatchError
from cratewatch.folders import users_path


def load_net(folder: ModelFolder) -> EmbeddingNet:
    """Return the network of a model folder; raise CratewatchError if its weights do not fit."""
    config = folder.config()
    net = EmbeddingNet(config)
    try:
        state = safetensors.torch.load(folder.read(WEIGHTS))
    except safetensors.SafetensorError as error:
        raise CratewatchError(
            f"model folder {folder}: {WEIGHTS} is broken ({error}); copy it anew, or train again"
        ) from error
    if wrong := _misfits(net.state_dict(), state):
        raise CratewatchError(
            f"model folder {folder}: {WEIGHTS} do not fit the {config.backbone} of {CONFIG} "
            f"({len(wrong)} tensors, first {wrong[0]}); take both from one training"
        )
    net.load_state_dict(state)
    return net


def start_net(config: ModelConfig, weights: str) -> EmbeddingNet:
    """Return a network to train further.

    Args:
        weights: The path of a model folder, to go on from the whole model; or where the trunk
            alone starts from, see grey_trunk.make_trunk().

    Raises:
        CratewatchError: if the weights cannot be had, read, or are of another network.
    """
    path = users_path(weights)
    if not weights or not path.is_dir():
        return EmbeddingNet(config, weights)
    folder = ModelFolder.at(path)
    if folder.config() != config:
        raise CratewatchError(
            f"weights: model folder {folder} is {folder.config()}, not {config}; "
            "ask for its backbone, stages, pooling and size"
        )
    return load_net(folder)


def _misfits(expected: dict[str, Tensor], state: dict[str, Tensor]) -> list[str]:
    """Name the tensors that one side lacks, or that have another shape."""
    return sorted(
        name
        for name in expected.keys() | state.keys()
        if name not in expected or name not in state or expected[name].shape != state[name].shape
    )
