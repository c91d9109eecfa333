"""Training sets of the real covers: what is trained on, what is validated on, what is neither."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.real_collection import RealCover, held_out, read_collection
from cratewatch.embedding.config import ModelConfig
from cratewatch.training.data import TrainingSet
from cratewatch.training.sketch import Props, make_props

VALIDATION_SHARE = 0.1


@dataclass(frozen=True)
class RealSets:
    """Neither set has any of the held-out artworks.

    Attributes:
        seen: What is trained on.
        unseen: A tenth of the artworks, to validate on.
        seen_ids: The cover ids of seen, as a catalog names them.
    """

    seen: TrainingSet
    unseen: TrainingSet
    seen_ids: list[str]


def read_sets(folder: Path, model: ModelConfig) -> RealSets:
    """Read the covers that a model of this size and frame trains and validates on."""
    covers = read_collection(folder)
    never = held_out(covers)
    rest = [cover for cover in covers if cover.artwork not in never]
    props = make_props(0)
    seen = [cover for cover in rest if not _validates(cover.artwork)]
    unseen = [cover for cover in rest if _validates(cover.artwork)]
    return RealSets(
        _set(folder, seen, model, props),
        _set(folder, unseen, model, props),
        [cover.cover_id for cover in seen],
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
