import contextlib
import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from cratewatch import images
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


def test_cmyk_and_animation_decode() -> None:
    assert decode(encoded(Image.new("CMYK", (32, 32), (0, 255, 255, 0)), "JPEG")).mode == "RGB"
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    gif = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert pixels(decode(gif))[0, 0, 0] > 200


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
        "truncated": jpeg[: len(jpeg) // 2],
        "too_small": encoded(Image.new("RGB", (15, 400)), "PNG"),
    }


@pytest.mark.parametrize("reason", bad_images())
def test_bad_bytes_are_refused_by_reason(reason: str) -> None:
    with pytest.raises(ImageError) as caught:
        prepare_cover(bad_images()[reason])
    assert caught.value.reason == reason


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
