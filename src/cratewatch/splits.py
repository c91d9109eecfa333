"""The split of artworks into train and test: a rule, so that no list has to be kept.

All covers of one artwork fall on the same side, on every machine, whatever else is in the
catalog.
"""

from __future__ import annotations

import hashlib
from typing import Literal, get_args

Split = Literal["train", "test", "all"]
SPLITS: tuple[Split, ...] = get_args(Split)
TRAIN_SHARE = 0.5


def split_of(artwork_id: str) -> Literal["train", "test"]:
    """Return the side of an artwork, from a hash of its id."""
    digest = hashlib.sha256(f"split:{artwork_id}".encode()).digest()
    position = int.from_bytes(digest[:8], "big") / 2**64
    return "train" if position < TRAIN_SHARE else "test"


def in_split(artwork_id: str, split: Split) -> bool:
    return split in ("all", split_of(artwork_id))
