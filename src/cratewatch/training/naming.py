"""The name of a training, by which it finds its checkpoint again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace

from cratewatch.training.config import TrainConfig


def training_name(config: TrainConfig, run: str, artworks: Sequence[str]) -> str:
    """Return a name that changes with whatever changes what is learned."""
    learned = asdict(replace(config, drawers=None))
    described = json.dumps([learned, run, sorted(artworks)], sort_keys=True)
    return f"{config.model.backbone}_{hashlib.sha256(described.encode()).hexdigest()[:12]}"
