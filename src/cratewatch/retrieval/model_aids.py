"""What is stored beside a model's weights for the time of a query: background and calibration."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import safetensors
import safetensors.numpy

from cratewatch.embedding.model_folder import PREFIX, ModelFolder
from cratewatch.embedding.saved_models import find_model
from cratewatch.errors import CratewatchError
from cratewatch.lake.lake import Lake
from cratewatch.retrieval.background import Background
from cratewatch.retrieval.config import SearchConfig
from cratewatch.retrieval.verdict import Calibration

CALIBRATION = "calibration.json"
BACKGROUND = "background.safetensors"


def save_background(lake: Lake, name: str, background: Background) -> None:
    """Store a model's background covers; an earlier calibration no longer holds and goes."""
    lake.delete(f"{PREFIX}/{name}/{CALIBRATION}")
    data = safetensors.numpy.save({"covers": background.vectors.astype("float32")})
    lake.write(f"{PREFIX}/{name}/{BACKGROUND}", data)


def load_background(lake: Lake, name: str) -> Background | None:
    """Return a model's background covers, None if it has none.

    Raises:
        NotFoundError: if there is no such model.
        CratewatchError: if the file holds anything else.
    """
    folder = find_model(lake, name)
    if not folder.has(BACKGROUND):
        return None
    try:
        return Background(safetensors.numpy.load(folder.read(BACKGROUND))["covers"])
    except (safetensors.SafetensorError, KeyError) as error:
        raise _broken(folder, BACKGROUND, error) from error


def save_calibration(lake: Lake, name: str, calibration: Calibration) -> None:
    """Store a model's calibration, which holds for the background that is stored with it."""
    data = json.dumps(asdict(calibration), indent=2, sort_keys=True).encode()
    lake.write(f"{PREFIX}/{name}/{CALIBRATION}", data)


def load_calibration(lake: Lake, name: str) -> Calibration | None:
    """Return a model's calibration, None if it has none.

    Raises:
        NotFoundError: if there is no such model.
        CratewatchError: if the file holds anything else.
    """
    folder = find_model(lake, name)
    if not folder.has(CALIBRATION):
        return None
    try:
        values = json.loads(folder.read(CALIBRATION))
        search: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in values["search"].items()
        }
        return Calibration(**{**values, "search": SearchConfig(**search)})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _broken(folder, CALIBRATION, error) from error


def _broken(folder: ModelFolder, file: str, error: Exception) -> CratewatchError:
    return CratewatchError(
        f"model folder {folder}: {file} cannot be used ({error}); delete it, and run "
        "`cratewatch calibrate`"
    )
