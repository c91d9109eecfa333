import contextlib
import hashlib
import io
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from cratewatch import images
from cratewatch.demo.bad_images import pixel_bomb, unreadable_jpeg
from cratewatch.errors import ImageError
from cratewatch.images import COVER_SIDE_PX, decode, load, pixels, prepare_cover


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def halves(left: str, right: str, size: tuple[int, int] = (64, 32)) -> Image.Image:
    image = Image.new("RGB", size, left)
    image.paste(right, (size[0] // 2, 0, *size))
    return image


def test_a_good_jpeg_keeps_its_very_bytes() -> None:
    data = encoded(halves("red", "blue"), "JPEG")
    stored = prepare_cover(data)
    assert stored.data == data
    assert stored.cover_id == hashlib.sha256(data).hexdigest()
    assert (stored.width_px, stored.height_px) == (64, 32)
    assert len(bytes.fromhex(stored.phash)) == 32


def test_other_formats_are_stored_as_jpeg() -> None:
    stored = prepare_cover(encoded(halves("red", "blue"), "PNG"))
    with Image.open(io.BytesIO(stored.data)) as image:
        assert image.format == "JPEG"
    assert prepare_cover(encoded(halves("red", "blue"), "PNG")) == stored


def test_a_huge_scan_is_stored_smaller() -> None:
    stored = prepare_cover(encoded(Image.new("RGB", (5000, 2500), "green"), "JPEG"))
    assert (stored.width_px, stored.height_px) == (COVER_SIDE_PX, COVER_SIDE_PX // 2)


def test_exif_rotation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise to show
    data = encoded(halves("red", "blue"), "JPEG", exif=exif, quality=95)
    image = decode(data)
    assert image.size == (32, 64)
    assert pixels(image)[5, 16, 0] > 200  # the left half, red, is on top now
    assert prepare_cover(data).data != data


def test_transparency_lies_over_white() -> None:
    data = encoded(Image.new("RGBA", (32, 32), (0, 0, 0, 0)), "PNG")
    assert pixels(decode(data)).min() == 255


def test_16_bit_grey_keeps_its_contrast() -> None:
    ramp = np.linspace(0, 65535, 32 * 32).reshape(32, 32).astype(np.uint16)
    grey = pixels(decode(encoded(Image.fromarray(ramp), "PNG")))
    assert grey.min() < 3
    assert grey.max() > 252
    assert 120 < grey.mean() < 135


PICTURE = halves("red", "blue")
DEEP = np.asarray(PICTURE.convert("L"), np.uint16) * 257
EXIF_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")


def with_opencv(suffix: str, bgr: np.ndarray) -> bytes:
    return bytes(cv2.imencode(suffix, bgr)[1])


def animated(kind: str) -> bytes:
    second = Image.new("RGB", PICTURE.size, "green")
    return encoded(PICTURE, kind, save_all=True, append_images=[second], lossless=True)


def unusual_images() -> dict[str, bytes]:
    """Images of PICTURE, or of its grey, as they come from elsewhere."""
    deep_bgr = np.asarray(PICTURE, np.uint16)[..., ::-1] * 257
    opaque = np.dstack([deep_bgr, np.full(deep_bgr.shape[:2], 65535, np.uint16)])
    return {
        "animated gif": animated("GIF"),
        "animated webp": animated("WEBP"),
        "animated png": animated("PNG"),
        "several pages": animated("TIFF"),
        "cmyk jpeg": encoded(PICTURE.convert("CMYK"), "JPEG", quality=95),
        "cmyk tiff": encoded(PICTURE.convert("CMYK"), "TIFF"),
        "16 bits of rgb, png": with_opencv(".png", deep_bgr),
        "16 bits of rgb, tiff": with_opencv(".tiff", deep_bgr),
        "16 bits of rgba": with_opencv(".png", opaque),
        "palette": encoded(PICTURE.convert("P"), "PNG"),
        "palette with transparency": encoded(PICTURE.convert("P"), "PNG", transparency=b"\xff" * 9),
        "avif": encoded(PICTURE, "AVIF", quality=95),
        "jpeg 2000": encoded(PICTURE, "JPEG2000"),
        "bmp": encoded(PICTURE, "BMP"),
        "grey 16 bits of grey, png": encoded(Image.fromarray(DEEP), "PNG"),
        "grey 16 bits of grey, tiff": encoded(Image.fromarray(DEEP), "TIFF"),
        "grey 32 bits": encoded(Image.fromarray(DEEP.astype(np.int32)), "TIFF"),
        "grey floats of 0..1": encoded(Image.fromarray((DEEP / 65535).astype(np.float32)), "TIFF"),
        "grey floats of 0..65535": encoded(Image.fromarray(DEEP.astype(np.float32)), "TIFF"),
        "grey jpeg": encoded(PICTURE.convert("L"), "JPEG", quality=95),
        "grey with alpha": encoded(PICTURE.convert("LA"), "PNG"),
    }


@pytest.mark.parametrize("name", unusual_images())
def test_unusual_images_show_what_they_show_elsewhere(name: str) -> None:
    right = PICTURE.convert("L") if name.startswith("grey") else PICTURE
    stored = prepare_cover(unusual_images()[name])
    with Image.open(io.BytesIO(stored.data)) as image:
        found = pixels(image).astype(int)
    difference = np.abs(found - pixels(right))
    assert np.median(difference) <= 2, name
    assert np.mean(difference) <= 6, name  # the edge in the middle is soft where it is lossy


@pytest.mark.parametrize("kind", EXIF_FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_upright_afterwards(kind: str, orientation: int) -> None:
    corners = Image.new("RGB", (64, 48), "white")
    corners.paste("red", (0, 0, 32, 24))
    corners.paste("blue", (32, 0, 64, 24))
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(corners, kind, exif=exif, quality=95)
    with Image.open(io.BytesIO(data)) as image:
        right = pixels(ImageOps.exif_transpose(image)).astype(int)
    found = pixels(decode(data)).astype(int)
    assert found.shape == right.shape
    assert np.mean(np.abs(found - right)) < 3
    assert (found.shape[:2] == (48, 64)) == (orientation <= 4)


def test_floats_that_are_no_numbers_are_black() -> None:
    data = encoded(Image.fromarray(np.full((32, 32), np.nan, np.float32)), "TIFF")
    assert pixels(decode(data)).max() == 0


def test_a_huge_image_is_shrunk_before_its_pixels_are_copied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shrunk = []
    to_rgb = images._to_rgb
    monkeypatch.setattr(images, "_to_rgb", lambda image: shrunk.append(image.size) or to_rgb(image))
    for image in (Image.new("RGBA", (1000, 500)), Image.new("P", (1000, 500))):
        assert decode(encoded(image, "PNG"), side_px=100).size == (100, 50)
    assert shrunk == [(200, 100)] * 2


def test_huge_images_are_decoded_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "HUGE_PIXELS", 100)
    under_way: list[int] = []
    most = 0

    def load(image: Image.Image, side_px: int) -> Image.Image:
        nonlocal most
        under_way.append(1)
        most = max(most, len(under_way))
        time.sleep(0.01)
        under_way.pop()
        return image

    monkeypatch.setattr(images, "_load_upright", load)
    data = encoded(PICTURE, "PNG")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(decode, [data] * 16))
    assert most == 1


def test_broken_exif_data_beside_good_pixels_is_refused_like_a_broken_image() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x0131] = "a camera"
    data = encoded(halves("red", "blue"), "JPEG", exif=exif)
    start = data.index(b"Exif")
    for place in range(start, start + 60):
        for value in (0, 2, 255):
            mutated = data[:place] + bytes([value]) + data[place + 1 :]
            with contextlib.suppress(ImageError):  # any other error is a traceback to a user
                prepare_cover(mutated)


def bad_images() -> dict[str, bytes]:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    jpeg = encoded(Image.fromarray(noise), "JPEG")
    return {
        "empty": b"",
        "not_an_image": b"<html>not found</html>",
        "not_an_image postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\nshowpage\n",
        "not_an_image cut off in its header": jpeg[:20],
        "unreadable": unreadable_jpeg(jpeg),
        "unreadable cut off in its header": encoded(Image.fromarray(noise), "PNG")[:20],
        "truncated png": encoded(Image.fromarray(noise), "PNG")[:2000],
        "truncated gif": encoded(Image.fromarray(noise), "GIF")[:2000],
        "truncated tiff": encoded(Image.fromarray(noise), "TIFF")[:2000],
        "unreadable webp": encoded(Image.fromarray(noise), "WEBP")[:500],
        "truncated": jpeg[: len(jpeg) // 2],
        "too_small": encoded(Image.new("RGB", (15, 400)), "PNG"),
        "too_small when shrunk": encoded(Image.new("RGB", (20, 30_000)), "PNG"),
        "too_many_pixels": pixel_bomb(),
        "too_many_pixels gif": encoded(PICTURE, "GIF").replace(b"\x40\x00\x20\x00", b"\xff" * 4, 1),
    }


@pytest.mark.parametrize("name", bad_images())
def test_bad_bytes_are_refused_by_reason(name: str) -> None:
    with pytest.raises(ImageError) as caught:
        prepare_cover(bad_images()[name])
    assert caught.value.reason == name.split()[0]
    what, _, remedy = str(caught.value).rpartition("; ")
    assert what, "the message says what is wrong"
    assert remedy.split()[0] in ("copy", "give", "scale", "take"), "and what to do about it"


def test_a_decompression_bomb_is_refused_before_it_is_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(images, "MAX_PIXELS", 63 * 63)
    with pytest.raises(ImageError, match="64 x 64") as caught:
        decode(encoded(Image.new("RGB", (64, 64)), "PNG"))
    assert caught.value.reason == "too_many_pixels"


def test_a_missing_or_unreadable_file(tmp_path: Path) -> None:
    with pytest.raises(ImageError) as caught:
        load(tmp_path / "none.jpg")
    assert caught.value.reason == "missing"
    for path in (tmp_path, tmp_path / "nul\0byte.jpg"):
        with pytest.raises(ImageError) as caught:
            load(path)
        assert caught.value.reason == "unreadable"


def test_the_error_travels_between_processes() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(ImageError("truncated", "12 bytes are missing")))
    assert (error.reason, str(error)) == ("truncated", "12 bytes are missing")


def test_a_profile_does_not_matter() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert decode(encoded(halves("red", "blue"), "JPEG", icc_profile=profile)).mode == "RGB"
