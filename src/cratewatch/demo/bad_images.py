"""Images as shops should not serve them."""

import io
from random import Random

from PIL import Image

FIFTY_MEGAPIXELS_SIDE_PX = 7100


def text() -> bytes:
    return b"Sorry, this picture has moved. Please ask at the counter.\n" * 40


def unreadable_jpeg() -> bytes:
    """Return a JPEG header and then bytes without any marker, so that no decoder gets further."""
    garbage = bytes(Random(0).choices(range(0xFF), k=6000))
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + garbage


def cut_short(jpeg: bytes) -> bytes:
    return jpeg[: len(jpeg) * 3 // 5]


def pixel_bomb() -> bytes:
    """Return a few hundred bytes whose header claims 60,000 x 60,000 pixels."""
    jpeg = encode_jpeg(Image.new("RGB", (16, 16), "gray"), quality=75)
    size_at = jpeg.index(b"\xff\xc0") + 5
    claimed = (60_000).to_bytes(2, "big")
    return jpeg[:size_at] + claimed + claimed + jpeg[size_at + 4 :]


def fifty_megapixels(cover: Image.Image) -> bytes:
    side = FIFTY_MEGAPIXELS_SIDE_PX
    return encode_jpeg(cover.resize((side, side), Image.Resampling.BILINEAR), quality=60)


def encode_jpeg(image: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
