"""Marks models that paint noise, so that no figure rests on what they painted."""

from __future__ import annotations

import json
from pathlib import Path

MARK = "_random_weights"
"""A key of model_index.json; diffusers leaves alone what begins with an underscore."""


def has_random_weights(model: str) -> bool:
    """Whether a model is a folder that make_model() has made."""
    try:
        return bool(json.loads((Path(model) / "model_index.json").read_text()).get(MARK))
    except (OSError, ValueError, AttributeError):  # of a hub, or no model, which is said later
        return False
