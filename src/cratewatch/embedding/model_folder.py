"""Writes model folders: weights, configuration, card and metrics."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import safetensors.torch

from cratewatch.embedding.model_card import model_card
from cratewatch.embedding.net import EmbeddingNet, ModelConfig
from cratewatch.lake.lake import Lake

PREFIX = "models"
WEIGHTS = "weights.safetensors"
CONFIG = "config.json"
TRAIN_ARTWORKS = "train_artworks.txt"
CONFUSED = "confused.csv"


def save_model(  # noqa: PLR0913, PLR0917  what a model folder holds
    lake: Lake,
    net: EmbeddingNet,
    config: ModelConfig,
    provenance: Mapping[str, Any],
    train_artworks: Sequence[str],
    confused: Sequence[tuple[str, str]] = (),
) -> str:
    """Write a model folder and return the model's name, which its weights determine.

    Args:
        provenance: JSON-ready: how it was trained, on what, and what it reached.
        train_artworks: The artwork ids that training saw.
        confused: Artworks and what the model takes their queries for.
    """
    weights = safetensors.torch.save(
        {name: tensor.contiguous() for name, tensor in net.state_dict().items()}
    )
    name = model_name(config, weights)
    files = {
        "weights.safetensors": weights,
        "train_artworks.txt": "".join(f"{a}\n" for a in sorted(train_artworks)).encode(),
        "confused.csv": _to_csv([("artwork", "taken_for"), *confused]),
        "metrics.json": _to_json(provenance.get("metrics", {})),
        "README.md": model_card(name, config, provenance).encode(),
        "config.json": _to_json(
            {"model": asdict(config), "training": provenance.get("training", {})}
        ),
    }
    lake.tidy(PREFIX)
    for file, data in files.items():  # config.json last: a model without it does not exist
        lake.write(f"{PREFIX}/{name}/{file}", data)
    return name


def model_name(config: ModelConfig, weights: bytes) -> str:
    """Return the name of a model, given the bytes of its weights file."""
    return f"{config.backbone}_{hashlib.sha256(weights).hexdigest()[:8]}"


def _to_csv(rows: Sequence[tuple[str, str]]) -> bytes:
    return "".join(f"{','.join(row)}\n" for row in rows).encode()


def _to_json(value: object) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True).encode()
