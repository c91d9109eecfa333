"""Covers as they go to the lake."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

from PIL import Image

from cratewatch.images.perceptual_hash import perceptual_hash
from cratewatch.images.reading import COVER_SIDE_PX, quiet, read, turn_of

COVER_QUALITY = 90


@dataclass(frozen=True)
class StoredCover:
    """A cover as it goes to the lake.

    Attributes:
        data: JPEG, RGB, upright, at most COVER_SIDE_PX on its longer side.
        cover_id: sha256 of data, hexadecimal.
        phash: 256-bit perceptual hash, 64 hexadecimal digits, or NOTHING_TO_SEE.
    """

    data: bytes
    cover_id: str
    phash: str
    width_px: int
    height_px: int


def prepare_cover(data: bytes) -> StoredCover:
    """Turn downloaded or imported bytes into a storable cover.

    A JPEG that already is RGB, upright and small enough keeps its very bytes.

    Raises:
        ImageError: as decode.
    """
    image, readable = read(data, COVER_SIDE_PX)
    stored = readable if _storable_as_is(readable) else _encode_jpeg(image)
    return StoredCover(
        data=stored,
        cover_id=hashlib.sha256(stored).hexdigest(),
        phash=perceptual_hash(image),
        width_px=image.width,
        height_px=image.height,
    )


def _storable_as_is(data: bytes) -> bool:
    """Whether the bytes, which decoded well, already are what is stored."""
    with quiet(), Image.open(io.BytesIO(data)) as image:
        return (
            image.format == "JPEG"
            and image.mode == "RGB"
            and turn_of(image) is None
            and max(image.size) <= COVER_SIDE_PX
        )


def _encode_jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=COVER_QUALITY, subsampling=0)
    return buffer.getvalue()
