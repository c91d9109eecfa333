"""Finds model folders: in the lake, among those that ship in the package, or by a path."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cratewatch.embedding.model_folder import (
    CONFIG,
    CONFUSED,
    PREFIX,
    TRAIN_ARTWORKS,
    WEIGHTS,
    ModelFolder,
    model_name,
    write_model,
)
from cratewatch.errors import NotFoundError
from cratewatch.folders import users_path
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import Lake, by_age

SHIPPED = Path(__file__).parents[1] / "shipped"
REJECTED = "rejected.json"


def find_model(lake: Lake, name: str) -> ModelFolder:
    """Return a model's folder in the lake, or in the package if the lake has none of that name.

    Raises:
        NotFoundError: if neither has.
        CratewatchError: if the folder has weights and no configuration.
    """
    own, shipped = ModelFolder(lake, f"{PREFIX}/{name}"), ModelFolder(FolderLake(SHIPPED), name)
    for folder in (own, shipped):
        if folder.has(CONFIG):
            return folder
    if own.has(WEIGHTS):
        own.read(CONFIG)
    known = ", ".join(models(lake)) or "none; run `cratewatch train`"
    raise NotFoundError(f"model {name}: not in the lake (known: {known})")


def models(lake: Lake) -> list[str]:
    """Return the names of all models: those that ship first, the one trained last at the end."""
    keys = [key for key in lake.keys(PREFIX) if key.endswith(f"/{CONFIG}")]
    own = [key.split("/")[1] for key in sorted(keys, key=lambda k: by_age(lake, k))]
    shipped = shipped_models()
    return [*shipped, *(name for name in own if name not in shipped)]


def shipped_models() -> list[str]:
    """Return the names of the models in the package."""
    return sorted(path.parent.name for path in SHIPPED.glob(f"*/{CONFIG}"))


def default_model(lake: Lake) -> str:
    """Return the model that was trained last, or else one that ships; raise NotFoundError.

    Those that a renewal found no better than what served are passed over.
    """
    for name in reversed(models(lake)):
        if not lake.exists(f"{PREFIX}/{name}/{REJECTED}"):
            return name
    raise NotFoundError(f"lake {lake.root}: there is no model yet; run `cratewatch train`")


def reject_model(lake: Lake, name: str, why: Mapping[str, Any]) -> None:
    """Have a model pass for one that is taken only by its name.

    Args:
        why: JSON-ready, kept in the model's folder.
    """
    text = json.dumps(why, indent=2, sort_keys=True)
    lake.write(f"{PREFIX}/{name}/{REJECTED}", text.encode())


def train_artworks(lake: Lake, name: str) -> frozenset[str]:
    """Return the artwork ids that the model's training saw."""
    return frozenset(find_model(lake, name).read(TRAIN_ARTWORKS).decode().split())


def start_artworks(weights: str) -> frozenset[str]:
    """Return the artwork ids that a training has seen already where it starts from.

    Args:
        weights: As weights.start_net() takes it.
    """
    path = users_path(weights)
    if not weights or not path.is_dir():
        return frozenset()
    return frozenset(ModelFolder.at(path).read(TRAIN_ARTWORKS).decode().split())


def describe_start(weights: str) -> tuple[str, dict[str, Any]]:
    """Return the name of what a training starts from, and how that was trained if it is a model.

    Args:
        weights: As weights.start_net() takes it.
    """
    path = users_path(weights)
    if not weights or not path.is_dir():
        return path.name if weights else "", {}
    training: dict[str, Any] = json.loads(ModelFolder.at(path).read(CONFIG)).get("training", {})
    return path.resolve().name, training


def read_confused(lake: Lake, name: str) -> list[tuple[str, str]]:
    """Return artworks that the model's training saw, and others that it took them for."""
    rows = find_model(lake, name).read(CONFUSED).decode().splitlines()[1:]
    pairs = (row.partition(",") for row in rows)
    return [(artwork, other) for artwork, _, other in pairs]


def adopt_model(lake: Lake, model: str) -> str:
    """Have a model in the lake, where every node and a later version finds it.

    Args:
        model: A model's name, or the path of a model folder, which is then copied.

    Returns:
        The model's name, which its weights determine.

    Raises:
        NotFoundError: if there is no such model, and no such folder.
        CratewatchError: if the folder is not whole.
    """
    path = users_path(model)
    if model not in models(lake) and path.is_dir():
        folder = ModelFolder.at(path)
        name = model_name(folder.config(), folder.read(WEIGHTS))
    else:
        folder, name = find_model(lake, model), model
    target = ModelFolder(lake, f"{PREFIX}/{name}")
    if not target.has(CONFIG):
        folder.read(TRAIN_ARTWORKS)
        others = [file for file in folder.files() if file != CONFIG]
        write_model(lake, name, ((f, folder.read(f)) for f in others), folder.read(CONFIG))
    return name
