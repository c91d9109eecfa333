"""Model folders: weights, configuration, card and metrics, and what is made of the weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cratewatch.embedding.config import ModelConfig
from cratewatch.embedding.model_card import model_card
from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import Lake
from cratewatch.lake.marked import write_marked

if TYPE_CHECKING:
    from cratewatch.embedding.net import EmbeddingNet

PREFIX = "models"
WEIGHTS = "weights.safetensors"
CONFIG = "config.json"
TRAIN_ARTWORKS = "train_artworks.txt"
CONFUSED = "confused.csv"
ONNX = "model.onnx"
INT8_XML, INT8_WEIGHTS = "int8.xml", "int8.bin"


@dataclass(frozen=True)
class ModelFolder:
    """The files of one model, all below a prefix of a lake."""

    lake: Lake
    prefix: str

    @classmethod
    def at(cls, path: Path) -> ModelFolder:
        """Return the folder at a path of this machine."""
        whole = path.resolve()  # of .. the name is no name
        return cls(FolderLake(whole.parent), whole.name)

    def __str__(self) -> str:
        return f"{self.lake.root}/{self.prefix}"

    def read(self, file: str) -> bytes:
        """Return a file's bytes; raise CratewatchError if the folder lacks it."""
        try:
            return self.lake.read(f"{self.prefix}/{file}")
        except NotFoundError as error:
            raise CratewatchError(
                f"model folder {self}: {file} is missing; copy the whole folder, or train again"
            ) from error

    def has(self, file: str) -> bool:
        """Whether a file is there."""
        return self.lake.exists(f"{self.prefix}/{file}")

    def files(self) -> list[str]:
        """Return the names of all files."""
        return [key.removeprefix(f"{self.prefix}/") for key in self.lake.keys(self.prefix)]

    def config(self) -> ModelConfig:
        """Return what config.json says of the network.

        Raises:
            CratewatchError: if it is missing, or is none of this version's.
        """
        try:
            return ModelConfig(**json.loads(self.read(CONFIG))["model"])
        except (ValueError, KeyError, TypeError) as error:
            raise CratewatchError(
                f"model folder {self}: {CONFIG} is none of this version ({error}); train again"
            ) from error


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
    import safetensors.torch  # who reads a folder does without PyTorch

    weights = safetensors.torch.save(
        {name: tensor.contiguous() for name, tensor in net.state_dict().items()}
    )
    name = model_name(config, weights)
    files = {
        WEIGHTS: weights,
        TRAIN_ARTWORKS: "".join(f"{a}\n" for a in sorted(train_artworks)).encode(),
        CONFUSED: _to_csv([("artwork", "taken_for"), *confused]),
        "metrics.json": _to_json(provenance.get("metrics", {})),
        "README.md": model_card(name, config, provenance).encode(),
    }
    described = {"model": asdict(config), "training": provenance.get("training", {})}
    lake.tidy(PREFIX)
    write_model(lake, name, files.items(), _to_json(described))
    return name


def write_model(
    lake: Lake, name: str, files: Iterable[tuple[str, bytes]], configuration: bytes
) -> None:
    """Write the files of a model folder; a model without its configuration does not exist."""
    payload = ((f"{PREFIX}/{name}/{file}", data) for file, data in files)
    write_marked(lake, payload, f"{PREFIX}/{name}/{CONFIG}", configuration)


def model_name(config: ModelConfig, weights: bytes) -> str:
    """Return the name of a model, given the bytes of its weights file."""
    return f"{config.backbone}_{hashlib.sha256(weights).hexdigest()[:8]}"


def _to_csv(rows: Sequence[tuple[str, str]]) -> bytes:
    return "".join(f"{','.join(row)}\n" for row in rows).encode()


def _to_json(value: object) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True).encode()
