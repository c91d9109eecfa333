"""Pictures of more than eight bits a channel, brought to eight."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

# What 8, 10, 12, 14 and 16 bits hold: scanners write fewer bits into 16 without scaling them.
RANGES = (255, 1023, 4095, 16383, 65535)
DARK = RANGES[-2] >> 8
"""Up to here the high bytes of 16 bits may belong to a picture of fewer bits."""


def to_bytes(values: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint8]:
    """Map 0 to the top of the least range that holds every value, in any shape, to 0..255."""
    top = next(top for top in RANGES if values.max(initial=0) <= top)
    table = (np.arange(RANGES[-1] + 1) * (255 / top)).round().clip(0, 255).astype(np.uint8)
    return table[values]


def numbers_to_bytes(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Map integers of 32 bits, or floats of 0..1 or of a range of integers, to 0..255."""
    floats = np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0)
    ranges = (1, *RANGES) if values.dtype.kind == "f" else RANGES
    top = next((top for top in ranges if floats.max() <= top), floats.max())
    return (floats / top * 255).clip(0, 255).astype(np.uint8)


def is_deep(image: Image.Image) -> bool:
    """Whether an image of colours that is not loaded yet has 16 bits, of which Pillow takes 8."""
    tiles = getattr(image, "tile", ())
    return image.mode in ("RGB", "RGBA", "LA") and any(";16" in str(tile.args) for tile in tiles)


def brightened(image: Image.Image, data: bytes) -> Image.Image | None:
    """Return what a deep image shows if it may have fewer bits than 16.

    It is turned as Pillow has turned the image: a TIFF upright, a PNG not.

    Args:
        image: Loaded; of its values only the high bytes are left.
        data: The file.
    """
    import cv2  # slow to import, and rarely needed

    bands = image.getextrema()[: 1 if image.mode == "LA" else 3]
    if max(int(top) for _, top in bands) > DARK:  # type: ignore[misc]
        return None
    read = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if read is None or read.dtype != np.uint16 or read.ndim != 3:
        return None  # what Pillow read is darker than it might be, and right
    values = np.asarray(read, np.uint16)
    rgb = to_bytes(values[..., 2::-1])
    if values.shape[2] == 4:
        return Image.fromarray(np.dstack([rgb, to_bytes(values[..., 3])]))
    return Image.fromarray(rgb)
