"""The model folder: weights, configuration, card and metrics, in the lake or in the package."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import safetensors
import safetensors.torch

from cratewatch.embedding.embedder import Embedder
from cratewatch.embedding.net import EmbeddingNet, ModelConfig
from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.lake import Lake

PREFIX = "models"


def save_model(
    lake: Lake,
    net: EmbeddingNet,
    config: ModelConfig,
    provenance: Mapping[str, Any],
    train_artworks: Sequence[str],
) -> str:
    """Write a model folder and return the model's name, which its weights determine.

    Args:
        provenance: JSON-ready: how it was trained, on what, and what it reached.
        train_artworks: The artwork ids that training saw.
    """
    weights = safetensors.torch.save(
        {name: tensor.contiguous() for name, tensor in net.state_dict().items()}
    )
    name = f"{config.backbone}_{hashlib.sha256(weights).hexdigest()[:8]}"
    files = {
        "weights.safetensors": weights,
        "train_artworks.txt": "".join(f"{a}\n" for a in sorted(train_artworks)).encode(),
        "metrics.json": _to_json(provenance.get("metrics", {})),
        "README.md": _model_card(name, config, provenance).encode(),
        "config.json": _to_json(
            {"model": asdict(config), "training": provenance.get("training", {})}
        ),
    }
    lake.tidy(PREFIX)
    for file, data in files.items():  # config.json last: a model without it does not exist
        lake.write(f"{PREFIX}/{name}/{file}", data)
    return name


def load_model(lake: Lake, name: str) -> Embedder:
    """Raise NotFoundError if there is no such model, CratewatchError if it does not fit."""
    try:
        config = ModelConfig(**json.loads(lake.read(f"{PREFIX}/{name}/config.json"))["model"])
    except NotFoundError as error:
        known = ", ".join(models(lake)) or "none; run `cratewatch train`"
        raise NotFoundError(f"model {name}: not in the lake (known: {known})") from error
    net = EmbeddingNet(config)
    try:
        net.load_state_dict(
            safetensors.torch.load(lake.read(f"{PREFIX}/{name}/weights.safetensors"))
        )
    except (RuntimeError, safetensors.SafetensorError) as error:
        raise CratewatchError(
            f"model {name}: weights do not fit its config.json ({error}); train it again"
        ) from error
    return Embedder(net, config, name)


def train_artworks(lake: Lake, name: str) -> frozenset[str]:
    """Return the artwork ids that the model's training saw."""
    return frozenset(lake.read(f"{PREFIX}/{name}/train_artworks.txt").decode().split())


def models(lake: Lake) -> list[str]:
    """Return the names of all models, the one trained last at the end."""
    keys = [key for key in lake.keys(PREFIX) if key.endswith("/config.json")]
    return [key.split("/")[1] for key in sorted(keys, key=lambda k: (lake.modified_at(k), k))]


def _to_json(value: object) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True).encode()


def _model_card(name: str, config: ModelConfig, provenance: Mapping[str, Any]) -> str:
    rows = {**asdict(config), **provenance.get("training", {}), **provenance.get("metrics", {})}
    table = "\n".join(f"| {key} | {value} |" for key, value in rows.items())
    return (
        f"# {name}\n\nEmbeds record covers and CCTV crops of sleeves; trained from scratch by "
        "`cratewatch train` on drawn queries.\n\n| | |\n|---|---|\n"
        f"{table}\n\nIt sees grey only: sleeves that differ by colour alone are confused.\n"
    )
