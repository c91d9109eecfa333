"""The split of artworks into train and test: a rule, so that no list has to be kept.

All covers of one artwork fall on the same side, on every machine, whatever else is in the
catalog. Of the training artworks a share can be held out once more, to choose by: what is tuned
on these never meets the test side.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from typing import Literal, get_args

from cratewatch.catalog.records import Cover

Split = Literal["train", "test", "all"]
SPLITS: tuple[Split, ...] = get_args(Split)
TRAIN_SHARE = 0.5
VALIDATION_SHARE = 0.1


def split_of(artwork_id: str) -> Literal["train", "test"]:
    """Return the side of an artwork, from a hash of its id."""
    return "train" if _position("split", artwork_id) < TRAIN_SHARE else "test"


def in_split(artwork_id: str, split: Split) -> bool:
    """Whether an artwork belongs to a split; to all of them it does."""
    return split in ("all", split_of(artwork_id))


def in_validation(artwork_id: str) -> bool:
    """Whether an artwork of the training side belongs to the share that choices are made on."""
    return split_of(artwork_id) == "train" and (
        _position("validation", artwork_id) < VALIDATION_SHARE
    )


def _position(purpose: str, artwork_id: str) -> float:
    """Return a number of [0, 1) that depends on the arguments alone."""
    digest = hashlib.sha256(f"{purpose}:{artwork_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def seen_artworks(covers: Iterable[Cover], seen: Collection[str]) -> set[str]:
    """Return the artworks of a catalog that a training saw.

    Args:
        seen: What the model's train_artworks.txt lists: artwork ids, or, of a training on another
            catalog, cover ids; then an artwork was seen if any of its covers was.
    """
    return {c.artwork_id for c in covers if c.artwork_id in seen or c.cover_id in seen}
