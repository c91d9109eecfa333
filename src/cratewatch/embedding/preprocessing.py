"""From pictures to what a network is given: grey, square, a cover in its frame."""

from __future__ import annotations

import numpy as np
from PIL import Image

from cratewatch.embedding.arrays import Grey
from cratewatch.embedding.config import ModelConfig


def to_grey(image: Image.Image, side_px: int) -> Grey:
    """Return (side_px, side_px) uint8: CCTV is often grey, so colour is not relied upon."""
    resized = image.convert("L").resize((side_px, side_px), Image.Resampling.BILINEAR)
    return np.asarray(resized, dtype=np.uint8)


def frame_cover(image: Image.Image, config: ModelConfig) -> Grey:
    """Return (S, S) uint8 with S = config.image_px: the cover in a frame of its mean grey."""
    side_px = round(config.image_px / (1 + 2 * config.cover_margin))
    grey = to_grey(image, side_px)
    framed = np.full((config.image_px, config.image_px), round(grey.mean()), np.uint8)
    start = (config.image_px - side_px) // 2
    framed[start : start + side_px, start : start + side_px] = grey
    return framed
