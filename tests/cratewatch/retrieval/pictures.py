"""Pictures in which keypoints can be found."""

import cv2
import numpy as np
from PIL import Image


def picture(seed: int) -> Image.Image:
    """Return sixty grey discs, unlike those of any other seed."""
    rng = np.random.default_rng(seed)
    canvas = np.full((160, 160), 128, np.uint8)
    for _ in range(60):
        x, y, radius = (int(v) for v in rng.integers((0, 0, 3), (160, 160, 14)))
        cv2.circle(canvas, (x, y), radius, int(rng.integers(256)), -1)
    return Image.fromarray(canvas)
