"""Images as shops should not serve them."""

import io
from random import Random

from PIL import Image

FIFTY_MEGAPIXELS_SIDE_PX = 7100


def text() -> bytes:
    """Return what a server sends in the place of a picture that it lost."""
    return b"Sorry, this picture has moved. Please ask at the counter.\n" * 40


def unreadable_jpeg(jpeg: bytes) -> bytes:
    """Keep the header's frame and fill everything from the first Huffman table on with garbage.

    The size can still be read; a decoder must give up, as no such table is possible.
    """
    tables_at = jpeg.index(b"\xff\xc4") + 4
    scan_at = jpeg.index(b"\xff\xda")
    garbage = bytes(Random(0).choices(range(0x80, 0xFF), k=len(jpeg)))
    table_end = tables_at - 2 + int.from_bytes(jpeg[tables_at - 2 : tables_at], "big")
    return (
        jpeg[:tables_at]
        + garbage[tables_at:table_end]
        + jpeg[scan_at : scan_at + 14]
        + garbage[scan_at + 14 :]
    )


def cut_short(jpeg: bytes) -> bytes:
    """Return what arrives of a picture when the connection breaks."""
    return jpeg[: len(jpeg) * 3 // 5]


def pixel_bomb() -> bytes:
    """Return a few hundred bytes whose header claims 60,000 x 60,000 pixels."""
    jpeg = encode_jpeg(Image.new("RGB", (16, 16), "gray"), quality=75)
    size_at = jpeg.index(b"\xff\xc0") + 5
    claimed = (60_000).to_bytes(2, "big")
    return jpeg[:size_at] + claimed + claimed + jpeg[size_at + 4 :]


def fifty_megapixels(cover: Image.Image) -> bytes:
    """Return a cover as some shops keep it: straight from the camera."""
    side = FIFTY_MEGAPIXELS_SIDE_PX
    return encode_jpeg(cover.resize((side, side), Image.Resampling.BILINEAR), quality=60)


def encode_jpeg(image: Image.Image, quality: int) -> bytes:
    """Return the picture's JPEG."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
