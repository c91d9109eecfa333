"""Model folders of words in the lake: our own network, or BLIP as transformers saves it."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import safetensors.torch

from cratewatch.errors import CratewatchError
from cratewatch.lake.lake import Lake
from cratewatch.lake.marked import write_marked
from cratewatch.words.person_net import PersonNet
from cratewatch.words.saved_parts import OWN_KIND
from cratewatch.words.train_config import PersonNetConfig, WordsConfig
from cratewatch.words.trait_net import TraitNet
from cratewatch.words.traits import TRAITS

PREFIX = "words"
CONFIG, WEIGHTS, METRICS = "config.json", "model.safetensors", "metrics.json"


def save_words(lake: Lake, net: Any, config: WordsConfig, metrics: Mapping[str, Any]) -> str:
    """Write a model folder and return the model's name, which its weights determine.

    Args:
        net: A WordsNet.
        metrics: JSON-ready: what it reached.
    """
    is_own = isinstance(net, PersonNet | TraitNet)
    files = _own_files(net, config) if is_own else _blip_files(net)
    digest = hashlib.sha256(files[WEIGHTS]).hexdigest()[:10]
    name = f"{'person' if is_own else 'blip'}_{digest}"
    files[METRICS] = _to_json(metrics)
    marker = files.pop(CONFIG)
    payload = ((f"{PREFIX}/{name}/{file}", data) for file, data in files.items())
    write_marked(lake, payload, f"{PREFIX}/{name}/{CONFIG}", marker)
    return name


def load_person_net(folder: Path) -> PersonNet | TraitNet:
    """Load our own network from a folder, whichever way it was trained.

    Raises:
        CratewatchError: if files are missing or damaged, or of another version.
    """
    try:
        described = json.loads((folder / CONFIG).read_text())
        weights = safetensors.torch.load_file(folder / WEIGHTS)
        net: PersonNet | TraitNet
        if described["training"].get("least_squares"):
            net = TraitNet(len(weights["mean"]))
        else:
            net = PersonNet(PersonNetConfig(**described["net"]))
        net.load_state_dict(weights)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        said = " ".join(str(error).split())[:200]
        raise CratewatchError(
            f"{folder}: no model of words of this version ({said}); copy the whole folder anew, or "
            "train again"
        ) from error
    if described.get("traits") != list(TRAITS):
        raise CratewatchError(f"{folder}: a model of other traits than this version's; train again")
    return net.eval()


def _own_files(net: PersonNet | TraitNet, config: WordsConfig) -> dict[str, bytes]:
    described = {
        "model_type": OWN_KIND,
        "net": asdict(config.net),
        "traits": TRAITS,
        "training": {key: value for key, value in asdict(config).items() if key != "net"},
    }
    state = {name: value.contiguous() for name, value in net.state_dict().items()}
    return {WEIGHTS: safetensors.torch.save(state), CONFIG: _to_json(described)}


def _blip_files(net: Any) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "model"
        net.save(folder)
        return {
            str(file.relative_to(folder)): file.read_bytes()
            for file in sorted(folder.rglob("*"))
            if file.is_file()
        }


def _to_json(value: object) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True).encode()
