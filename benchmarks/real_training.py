"""Training sets of the real covers: what is trained on, what is validated on, what is neither."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from benchmarks.real_collection import RealCover, held_out, read_collection
from cratewatch.embedding import ModelConfig
from cratewatch.training.data import TrainingSet
from cratewatch.training.sketch import Props, make_props

VALIDATION_SHARE = 0.1


def read_sets(folder: Path, model: ModelConfig) -> tuple[TrainingSet, TrainingSet]:
    """Return the artworks to train on and, a tenth of them, those to validate on.

    Neither has any of the held-out artworks.
    """
    covers = read_collection(folder)
    never = held_out(covers)
    rest = [cover for cover in covers if cover.artwork not in never]
    props = make_props(0)
    return (
        _set(folder, [c for c in rest if not _validates(c.artwork)], model, props),
        _set(folder, [c for c in rest if _validates(c.artwork)], model, props),
    )


def _validates(artwork: str) -> bool:
    digest = hashlib.sha256(f"validation:{artwork}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < VALIDATION_SHARE


def _set(
    folder: Path, covers: Sequence[RealCover], model: ModelConfig, props: Props
) -> TrainingSet:
    jpegs = ((cover.file, (folder / cover.file).read_bytes()) for cover in covers)
    artwork_of = {cover.file: cover.artwork for cover in covers}
    return TrainingSet(jpegs, (), artwork_of, model, props)
