"""Has what a training starts from on this machine, when it is a model of the lake."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cratewatch.embedding.model_folder import CONFIG, TRAIN_ARTWORKS, WEIGHTS
from cratewatch.embedding.saved_models import find_model, models
from cratewatch.lake.lake import Lake


@contextlib.contextmanager
def start_folder(lake: Lake, weights: str) -> Iterator[str]:
    """Yield weights as weights.start_net() takes them.

    Args:
        weights: Those, or the name of a model of the lake or the package, whose folder is copied
            for the block. Any node can then start from it, and a checkpoint goes by a name that
            is the same on all.
    """
    if not weights or weights not in models(lake):
        yield weights
        return
    source = find_model(lake, weights)
    with tempfile.TemporaryDirectory(prefix="cratewatch-") as parent:
        folder = Path(parent) / weights
        folder.mkdir()
        for file in (WEIGHTS, TRAIN_ARTWORKS, CONFIG):
            (folder / file).write_bytes(source.read(file))
        yield str(folder)
