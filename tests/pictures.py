"""Pictures that tests take for covers."""

import numpy as np
from PIL import Image


def draw_noise(seed: int, side_px: int = 96) -> Image.Image:
    """Return a picture of coarse coloured blocks, unlike that of any other seed."""
    blocks = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(blocks).resize((side_px, side_px), Image.Resampling.BICUBIC)
