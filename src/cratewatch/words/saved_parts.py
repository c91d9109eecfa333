"""Reads the parts of a model from a folder as transformers saves it; nothing is fetched."""

from __future__ import annotations

import hashlib
import json
import pickle
import re
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from cratewatch.errors import CratewatchError, NotFoundError

WEIGHTS = re.compile(r".*\.(safetensors|bin)")
UNREADABLE = (
    *(OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, RuntimeError),
    SafetensorError,
)
"""What transformers raises of files that are missing, damaged or another model's."""
KINDS = "a BLIP, CLIP or SigLIP model as transformers saves it"
OWN_KIND = "cratewatch_words"
"""What config.json of a model calls our own network, which `cratewatch train-words` writes."""


def model_kind(folder: Path) -> str:
    """Return what a folder says its model is, such as "blip".

    Raises:
        NotFoundError: if there is no such folder.
        CratewatchError: if it says nothing.
    """
    if not folder.is_dir():
        raise NotFoundError(f"{folder}: no such folder; give the folder of {KINDS}")
    file = folder / "config.json"
    try:
        config = json.loads(file.read_text("utf-8"))
        kind = str(config["model_type"])
    except FileNotFoundError as error:
        raise CratewatchError(f"{folder}: config.json is missing; give {KINDS}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CratewatchError(f"{file}: tells no kind of model ({error}); give {KINDS}") from error
    return kind


def name_of_weights(kind: str, folder: Path) -> str:
    """Return what a collection of a model's embeddings is named by: other weights, another name."""
    digest = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        if WEIGHTS.fullmatch(file.name):
            with file.open("rb") as opened:
                while block := opened.read(1 << 22):
                    digest.update(block)
    return f"{kind}_{digest.hexdigest()[:10]}"


def load_part(cls: Any, folder: Path, **options: Any) -> Any:
    """Load a part of a model by a class of transformers'; nothing is fetched.

    Raises:
        CratewatchError: if files are missing or damaged.
    """
    try:
        return cls.from_pretrained(str(folder), local_files_only=True, **options)
    except pickle.UnpicklingError as error:  # which advises to load what may run code
        raise CratewatchError(
            f"{folder}: weights of {cls.__name__} are damaged or hold more than numbers; copy the "
            "whole folder anew, or save it anew with safetensors"
        ) from error
    except UNREADABLE as error:
        said = " ".join(str(error).split())[:200]
        raise CratewatchError(
            f"{folder}: {cls.__name__} cannot be loaded ({said}); copy the whole folder anew"
        ) from error


def load_network(cls: Any, folder: Path) -> Any:
    """Load a network with all of its weights.

    Raises:
        CratewatchError: if files are missing or damaged, or weights are not this network's.
    """
    network, told = load_part(cls, folder, output_loading_info=True)
    missing = sorted(told["missing_keys"])
    wrong = sorted(str(key) for key in told.get("mismatched_keys", ()))
    if missing or wrong:
        raise CratewatchError(
            f"{folder}: {len(missing)} weights of {cls.__name__} are missing and {len(wrong)} of "
            f"another size, first {(missing or wrong)[0]}; it is another model, or a version of "
            "transformers saved it that names them otherwise: save it anew with this one"
        )
    return network.eval()
