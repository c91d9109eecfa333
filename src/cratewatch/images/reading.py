"""Image bytes in, upright RGB pixels out.

Whatever arrives from a shop, a folder or a camera passes here, so that every kind of bad
image is refused once, with the reason under which it is counted.
"""

from __future__ import annotations

import io
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from cratewatch.errors import ImageError
from cratewatch.images import deep_pixels
from cratewatch.images.mending import JPEG, with_end, without_side_chunks

Pixels = npt.NDArray[np.uint8]

# Pillow reads some fifty more, among them one that starts Ghostscript.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000")
SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".pjpeg", ".pjp"),
    *(".png", ".apng", ".webp", ".gif", ".bmp", ".dib", ".tif", ".tiff", ".avif", ".avifs"),
    *(".jp2", ".j2k", ".jpc", ".j2c", ".jpf", ".jpx"),
)
MAX_PIXELS = 100_000_000  # a 10,000 px square scan; up to 16 bytes a pixel are needed to decode it
HUGE_PIXELS = 16_000_000  # from here on one image at a time is decoded, whatever the threads
MIN_SIDE_PX = 16
COVER_SIDE_PX = 1200  # the largest size that the Cover Art Archive serves as a thumbnail
ORIENTATION = 0x0112  # the EXIF tag; 1 is upright
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = (TURNS[5], TURNS[6], TURNS[7], TURNS[8])
# What Pillow and the decoders below it raise on bytes that they were not made for.
DECODER_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    struct.error,
    zlib.error,
    TypeError,
    AttributeError,
    AssertionError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    Image.DecompressionBombError,
)


_AGAIN = "copy or download it again, or save it anew"
_one_at_a_time = threading.Lock()


def decode(data: bytes, *, side_px: int = COVER_SIDE_PX) -> Image.Image:
    """Return the image upright in RGB, its longer side at most side_px.

    Animated images give their first frame; transparency is laid over white.

    Raises:
        ImageError: reason empty, not_an_image, truncated, unreadable, too_many_pixels or
            too_small.
    """
    return read(data, side_px)[0]


def shown_size(data: bytes) -> tuple[int, int]:
    """Return width and height of the upright image in pixels, of which only the head is read.

    Raises:
        ImageError: as decode.
    """
    _require_bytes(data)
    with quiet():
        image = _open(without_side_chunks(data))
        turned = turn_of(image) in SIDEWAYS
    return (image.height, image.width) if turned else image.size


def read(data: bytes, side_px: int) -> tuple[Image.Image, bytes]:
    """Return the image as decode does, and the bytes that any decoder reads it from.

    Raises:
        ImageError: as decode.
    """
    _require_bytes(data)
    readable = without_side_chunks(data)
    try:
        return _decode_readable(readable, side_px), readable
    except ImageError as error:
        whole = error.reason == "truncated" and data.startswith(JPEG) and with_end(data)
        if not whole:
            raise
        image, filled = (_decode_readable(ended, side_px) for ended in whole)
        if image.tobytes() != filled.tobytes():
            raise
        return image, whole[0]


def load(path: Path, *, side_px: int = COVER_SIDE_PX) -> Image.Image:
    """Return the image file upright in RGB, its longer side at most side_px.

    Raises:
        ImageError: as decode, and reason missing or unreadable for the file itself.
    """
    return decode(read_file(path), side_px=side_px)


def read_file(path: Path) -> bytes:
    """Return an image file's bytes, a failure to read them counted like a bad image."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ImageError("missing", "no such file; check the path") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name
        reason = error.strerror if isinstance(error, OSError) else error
        raise ImageError("unreadable", f"cannot be read ({reason}); check the file") from error


def has_frames(data: bytes) -> bool:
    """Whether an image that can be read holds several pictures, of which decode takes the first.

    Photos of some cameras hold a small copy, too, which does not count.
    """
    try:
        with quiet():
            image = Image.open(io.BytesIO(data), formats=FORMATS)
            return image.format != "MPO" and bool(getattr(image, "is_animated", False))
    except DECODER_ERRORS:  # behind a first picture that is whole
        return False


def pixels(image: Image.Image) -> Pixels:
    """Return (H, W, 3) uint8 RGB."""
    return np.asarray(image.convert("RGB"), dtype=np.uint8)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Pillow: its limit on pixels is not ours, and corrupt EXIF data is no news."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        warnings.simplefilter("ignore", UserWarning)
        yield


def turn_of(image: Image.Image) -> Image.Transpose | None:
    """Return how to turn the image upright; not at all if what says so is broken itself."""
    try:
        return TURNS.get(image.getexif().get(ORIENTATION, 1))
    except DECODER_ERRORS:
        return None


def _require_bytes(data: bytes) -> None:
    if not data:
        raise ImageError("empty", "no bytes; copy or download it again")


def _decode_readable(data: bytes, side_px: int) -> Image.Image:
    with quiet():
        image = _open(data)
        with _one_at_a_time if image.width * image.height > HUGE_PIXELS else nullcontext():
            return _shrink(_load_upright(image, data, side_px), side_px)


def _open(data: bytes) -> Image.Image:
    try:
        image: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise ImageError(
            "not_an_image",
            f"begins with {data[:8]!r}, so it is none of {', '.join(FORMATS)}, or cut off; "
            "give a whole image file",
        ) from error
    except Image.DecompressionBombError as error:
        raise ImageError(
            "too_many_pixels", f"more than {MAX_PIXELS:,} px; scale it down"
        ) from error
    except DECODER_ERRORS as error:
        raise ImageError("unreadable", f"broken header ({error}); {_AGAIN}") from error
    _check_size(image)
    return image


def _check_size(image: Image.Image) -> None:
    size = f"{image.width} x {image.height} px"
    if image.width * image.height > MAX_PIXELS:
        raise ImageError(
            "too_many_pixels", f"{size} are more than {MAX_PIXELS:,} px; scale it down"
        )
    if min(image.size) * min(1.0, COVER_SIDE_PX / max(image.size)) < MIN_SIDE_PX:
        raise ImageError(
            "too_small",
            f"{size}; with a longer side of {COVER_SIDE_PX} px at most, the shorter one needs "
            f"{MIN_SIDE_PX} px; take another image",
        )


def _load_upright(image: Image.Image, data: bytes, side_px: int) -> Image.Image:
    image.draft("RGB", (side_px, side_px))  # JPEG: decode at the nearest larger eighth
    try:
        deep = deep_pixels.is_deep(image)
        image.load()
        turn = turn_of(image)
        brightened = deep_pixels.brightened(image, data) if deep else None
        rgb = _to_rgb(_reduce(_resizable(brightened or image), side_px))
    except DECODER_ERRORS as error:
        reason = "truncated" if "truncated" in str(error).lower() else "unreadable"
        raise ImageError(reason, f"{error or type(error).__name__}; {_AGAIN}") from error
    return rgb.transpose(turn) if turn is not None else rgb


def _resizable(image: Image.Image) -> Image.Image:
    """Return the image in a mode whose pixels can be averaged."""
    if image.mode.startswith("I;16"):
        return Image.fromarray(deep_pixels.to_bytes(np.asarray(image)))
    if image.mode == "1":
        return image.convert("L")
    if image.mode in ("P", "PA"):
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image


def _reduce(image: Image.Image, side_px: int) -> Image.Image:
    """Shrink by a whole factor to twice the side or more: what follows copies the pixels."""
    factor = max(image.size) // (2 * side_px)
    return image.reduce(factor) if factor > 1 else image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("I", "F"):
        grey = Image.fromarray(deep_pixels.numbers_to_bytes(np.asarray(image)))
        return grey.convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


def _shrink(image: Image.Image, side_px: int) -> Image.Image:
    if max(image.size) > side_px:
        image.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
    return image
