import contextlib
import hashlib
import io
import struct
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from cratewatch.demo.bad_images import pixel_bomb, unreadable_jpeg
from cratewatch.errors import ImageError
from cratewatch.images import reading
from cratewatch.images.covers import prepare_cover
from cratewatch.images.reading import COVER_SIDE_PX, decode, load, pixels


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
    to_rgb = reading._to_rgb
    monkeypatch.setattr(
        reading, "_to_rgb", lambda image: shrunk.append(image.size) or to_rgb(image)
    )
    for image in (Image.new("RGBA", (1000, 500)), Image.new("P", (1000, 500))):
        assert decode(encoded(image, "PNG"), side_px=100).size == (100, 50)
    assert shrunk == [(200, 100)] * 2


def test_huge_images_are_decoded_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "HUGE_PIXELS", 100)
    under_way: list[int] = []
    most = 0

    def load(image: Image.Image, data: bytes, side_px: int) -> Image.Image:
        nonlocal most
        under_way.append(1)
        most = max(most, len(under_way))
        time.sleep(0.01)
        under_way.pop()
        return image

    monkeypatch.setattr(reading, "_load_upright", load)
    data = encoded(PICTURE, "PNG")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(decode, [data] * 16))
    assert most == 1


def exif_block(orientation: int, *, resolution: tuple[int, int] = (-1, 0)) -> bytes:
    """Return EXIF data whose resolution is a signed fraction without a value."""
    entries = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    entries += struct.pack("<HHII", 0x011A, 10, 1, 38)
    header = b"II*\0" + struct.pack("<IH", 8, 2)
    return b"Exif\0\0" + header + entries + b"\0\0\0\0" + struct.pack("<ii", *resolution)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_an_odd_resolution_does_not_keep_a_picture_from_being_turned(kind: str) -> None:
    data = encoded(halves("red", "blue"), kind, exif=exif_block(6), quality=95)
    stored = prepare_cover(data)
    assert (stored.width_px, stored.height_px) == (32, 64)
    assert pixels(decode(stored.data))[5, 16, 0] > 200


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM", exif_block(99)]
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_broken_exif_data_beside_good_pixels_turns_nothing(kind: str, exif: bytes) -> None:
    data = encoded(PICTURE, kind, exif=exif, quality=95)
    assert np.abs(pixels(decode(data)).astype(int) - pixels(PICTURE)).mean() < 6


def chunk(kind: bytes, body: bytes, *, wrong: bool = False) -> bytes:
    checksum = zlib.crc32(kind + body) ^ wrong
    return struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", checksum)


MEGABYTES = zlib.compress(bytes(2_000_000))
SIDE_CHUNKS = {
    "profile, wrong checksum": chunk(b"iCCP", b"x\0\0" + zlib.compress(b"x"), wrong=True),
    "profile, unknown compression": chunk(b"iCCP", b"x\0\7" + zlib.compress(b"x")),
    "profile, cut off": chunk(b"iCCP", b"x\0"),
    "large profile": chunk(b"iCCP", b"x\0\0" + MEGABYTES),
    "large xmp": chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + MEGABYTES),
    "large text": chunk(b"zTXt", b"x\0\0" + MEGABYTES),
    "text, wrong checksum": chunk(b"tEXt", b"a\0b", wrong=True),
    "text, unknown compression": chunk(b"zTXt", b"x\0\7b"),
    "short gamma": chunk(b"gAMA", b"\0"),
    "short chromaticity": chunk(b"cHRM", b"\0"),
    "short resolution": chunk(b"pHYs", b"\0"),
    "no intent": chunk(b"sRGB", b""),
    "no chunk's name": chunk(b"\xff\0 ?", b"x"),
    "transparency, wrong checksum": chunk(b"tRNS", b"\0\0\0\xfe\0\0", wrong=True),
    "animation without frames": chunk(b"acTL", bytes(8)),
    "orientation, wrong checksum": chunk(b"eXIf", exif_block(6)[6:], wrong=True),
}


@pytest.mark.parametrize("name", SIDE_CHUNKS)
@pytest.mark.parametrize("before", [b"IDAT", b"IEND"])
def test_what_is_wrong_beside_whole_pixels_of_a_png_does_not_matter(
    name: str, before: bytes
) -> None:
    data = encoded(PICTURE, "PNG")
    place = data.index(before) - 4
    spoiled = data[:place] + SIDE_CHUNKS[name] + data[place:]
    assert pixels(decode(spoiled)).tobytes() == pixels(PICTURE).tobytes()
    if before == b"IDAT":
        with pytest.raises(ImageError) as caught:
            decode(spoiled[: -len(data) // 2])
        assert caught.value.reason == "truncated"


SIDE_SEGMENTS = {
    "profile": b"\xff\xe2\0\x14ICC_PROFILE\0\1\2odd",
    "large xmp": b"\xff\xe1\xff\xffhttp://ns.adobe.com/xap/1.0/\0" + bytes(65504),
    "photoshop": b"\xff\xed\0\x18Photoshop 3.0\0008BIM\xff\xff\xff\xff",
    "pages of a phone": b"\xff\xe2\0\x0cMPF\0II*\0\xff\xff",
    "comment": b"\xff\xfe\0\4\xff\xfe",
}


@pytest.mark.parametrize("name", SIDE_SEGMENTS)
def test_what_is_wrong_beside_whole_pixels_of_a_jpeg_does_not_matter(name: str) -> None:
    data = encoded(PICTURE, "JPEG", quality=95)
    spoiled = data[:2] + SIDE_SEGMENTS[name] + data[2:]
    assert pixels(decode(spoiled)).tobytes() == pixels(decode(data)).tobytes()


JPEGS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "progressive": {"progressive": True},
    "with restart markers": {"restart_marker_rows": 1},
    "no subsampling": {"subsampling": 0},
}


def noise(side_px: int = 64) -> Image.Image:
    values = np.random.default_rng(0).integers(0, 256, (side_px, side_px, 3), np.uint8)
    return Image.fromarray(values)


@pytest.mark.parametrize("name", JPEGS)
@pytest.mark.parametrize("end", [b"", b"\xff"])
def test_a_jpeg_may_lack_its_end_marker_and_no_pixels(name: str, end: bytes) -> None:
    data = encoded(noise(), "JPEG", **JPEGS[name])
    pixels_only = data.removesuffix(b"\xff\xd9")
    stored = prepare_cover(pixels_only + end)
    assert stored.data == data
    for share in (0.5, 0.8, 0.99):
        with pytest.raises(ImageError) as caught:
            prepare_cover(pixels_only[: int(share * len(data))] + end)
        assert caught.value.reason == "truncated"


def test_a_gif_or_png_may_lack_its_end_marker() -> None:
    for kind, length in (("GIF", 1), ("PNG", 12)):
        data = encoded(PICTURE, kind)
        assert pixels(decode(data[:-length])).tobytes() == pixels(decode(data)).tobytes()


def few_bits(bits: int) -> dict[str, bytes]:
    """Return noise in so many of 16 bits, the low ones."""
    bgr = (np.asarray(noise(), np.uint16)[..., ::-1] << 8) >> (16 - bits)
    alpha = np.full(bgr.shape[:2], 2**bits - 1, np.uint16)
    return {
        "grey png": encoded(Image.fromarray(bgr[..., 1]), "PNG"),
        "grey tiff": encoded(Image.fromarray(bgr[..., 1]), "TIFF"),
        "grey of 32 bits": encoded(Image.fromarray(bgr[..., 1].astype(np.int32)), "TIFF"),
        "grey floats": encoded(Image.fromarray(bgr[..., 1].astype(np.float32)), "TIFF"),
        "png": with_opencv(".png", bgr),
        "tiff": with_opencv(".tiff", bgr),
        "rgba png": with_opencv(".png", np.dstack([bgr, alpha])),
    }


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("name", few_bits(8))
def test_fewer_bits_in_16_are_as_bright_as_8(name: str, bits: int) -> None:
    found = pixels(decode(few_bits(bits)[name])).astype(int)
    right = pixels(noise()) if "grey" not in name else pixels(noise())[..., 1:2]
    assert np.abs(found - right).max() <= 2


def test_a_deep_tiff_of_few_bits_is_turned_once() -> None:
    rgb = np.asarray(halves("red", "blue"), np.uint16) << 4
    data = bytearray(with_opencv(".tiff", rgb[..., ::-1]))
    count_at = struct.unpack_from("<I", data, 4)[0]  # the directory goes to the end, with one more
    (count,) = struct.unpack_from("<H", data, count_at)
    entries = bytes(data[count_at + 2 : count_at + 2 + 12 * count])
    tags = [entries[n : n + 12] for n in range(0, len(entries), 12)]
    tags = [tag for tag in tags if tag[:2] != b"\x12\x01"]
    tags.append(struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0))
    struct.pack_into("<I", data, 4, len(data))
    tags.sort(key=lambda tag: struct.unpack_from("<H", tag))
    data += struct.pack("<H", len(tags)) + b"".join(tags) + bytes(4)
    image = pixels(decode(bytes(data)))
    assert image.shape == (64, 32, 3)
    assert tuple(image[5, 16]) == (254, 0, 0)


def formats() -> dict[str, bytes]:
    """Small images of noise, one for each way to decode."""
    small = noise(24)
    kinds = {kind: encoded(small, kind) for kind in reading.FORMATS}
    return kinds | {
        "progressive JPEG": encoded(small, "JPEG", progressive=True, exif=exif_block(6)),
        "PNG with EXIF": encoded(small, "PNG", exif=exif_block(3)),
        "animated WEBP": encoded(small, "WEBP", save_all=True, append_images=[small.rotate(90)]),
        "packed TIFF": encoded(small, "TIFF", compression="tiff_lzw"),
        "deep PNG": few_bits(10)["png"][:2000],
        "AVIF with EXIF": encoded(small, "AVIF", exif=exif_block(6, resolution=(72, 1))),
    }


@pytest.mark.parametrize("name", formats())
def test_damaged_bytes_are_a_picture_or_refused(name: str) -> None:
    """Any other exception is a traceback to a user, or a night that ends."""
    whole, rng = formats()[name], np.random.default_rng(0)
    for trial in range(150):
        data = bytearray(whole[: rng.integers(1, len(whole))] if trial % 4 == 0 else whole)
        # Every other time in the head: that is where decoders trust numbers.
        reach = len(data) if trial % 2 else min(len(data), 200)
        for place in rng.integers(0, reach, rng.integers(1, 5)):
            data[place] = rng.choice([0, 1, 127, 128, 255, int(rng.integers(256))])
        with contextlib.suppress(ImageError):
            prepare_cover(bytes(data))


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
    monkeypatch.setattr(reading, "MAX_PIXELS", 63 * 63)
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
