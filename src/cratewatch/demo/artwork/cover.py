"""One cover from one specification."""

import hashlib
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIDE_PX = 600


@dataclass(frozen=True)
class CoverSpec:
    """What a cover shows; equal specifications give equal pixels.

    Attributes:
        artwork: Key of the artwork: the seed of everything that is drawn by chance.
        series: Name of the series whose template the cover shares, or nothing.
        number: Volume in that series.
    """

    artwork: str
    artist: str
    title: str
    label: str
    series: str = ""
    number: int = 0


def draw_cover(spec: CoverSpec) -> Image.Image:
    """Return the cover, RGB, 600 x 600."""
    seed = int.from_bytes(hashlib.sha256(spec.artwork.encode()).digest()[:8], "big")
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, 256, (9, 9, 3), dtype=np.uint8)
    picture = Image.fromarray(cv2.resize(blocks, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_CUBIC))
    draw = ImageDraw.Draw(picture)
    draw.text((30, 30), spec.artist, "white", ImageFont.load_default(48), stroke_width=2)
    draw.text((30, 520), spec.title, "black", ImageFont.load_default(36), stroke_width=1)
    return picture
