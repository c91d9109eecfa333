"""Reads hands cut out of photographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from cratewatch.errors import CratewatchError
from cratewatch.protocol.query import Rgba


def load_hands(folder: Path) -> list[Rgba]:
    """Return the cut-outs of a folder's PNG files, in the order of their names.

    Raises:
        CratewatchError: if there is none, or one cannot be read or is not transparent anywhere.
    """
    files = sorted(folder.glob("*.png"))
    if not files:
        raise CratewatchError(f"hands: no .png below {folder}; give a folder of cut-outs")
    return [_load(file) for file in files]


def _load(file: Path) -> Rgba:
    try:
        with Image.open(file) as image:
            hand = np.asarray(image.convert("RGBA"), dtype=np.uint8)
    except (OSError, Image.DecompressionBombError) as error:
        raise CratewatchError(f"hands: {file} cannot be read ({error}); remove it") from error
    if hand[..., 3].min() == 255:
        raise CratewatchError(f"hands: {file} is nowhere transparent; give a cut-out")
    return hand
