"""Mends image files whose pixels are whole and something beside them is not."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
END_OF_JPEG = b"\xff\xd9"
FRAMES, SCAN = (0xC0, 0xC1, 0xC2), 0xDA
_MARKER = re.compile(rb"\xff[\x01-\xcf\xda-\xfe]")  # stands in no entropy-coded data
PIXEL_CHUNKS = (b"IHDR", b"PLTE", b"IDAT")
SIDE_CHUNKS = (b"tRNS", b"eXIf")  # transparency and orientation: they change what is seen
END_OF_PNG = b"\0\0\0\0IEND\xaeB`\x82"
FILLING = b"".join(b"\xaa\x55" * 32 + bytes((0xFF, 0xD0 + n % 8)) for n in range(16))
"""Taken for blocks, also those after a restart marker; a decoder itself takes zeros."""


def without_side_chunks(data: bytes) -> bytes:
    """Return a PNG with what its pixels need and nothing else; other data as it is.

    Decoders refuse whole pixels beside a profile with a wrong checksum or texts of a megabyte.
    Of an animation the first frame stays.
    """
    if not data.startswith(PNG):
        return data
    kept, place = [PNG], len(PNG)
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        end = place + 12 + length
        if kind == b"IEND":
            break
        if kind in PIXEL_CHUNKS or (kind in SIDE_CHUNKS and _intact(data[place:end])):
            kept.append(data[place:end])
        place = end
    if place <= len(data):  # a chunk that is cut off takes no end: it would be read as its pixels
        kept.append(END_OF_PNG)
    return b"".join(kept)


def with_end(data: bytes) -> tuple[bytes, bytes] | None:
    """Return a JPEG that lacks its end marker with one, and with filling before it.

    Both show the same picture if and only if all blocks of its last scan are there: a decoder
    makes up those that are missing, of the filling in the second.

    Returns:
        None if a scan is missing altogether: of a progressive JPEG the details.
    """
    pixels = data.rstrip(b"\0\xff")  # half a marker, or what a file system reserved
    if not _has_all_scans(pixels):
        return None
    return pixels + END_OF_JPEG, pixels + FILLING + END_OF_JPEG


def _has_all_scans(data: bytes) -> bool:
    """Whether every coefficient of every component has got its last bit."""
    missing: set[tuple[int, int]] = set()
    for marker, body in _segments(data):
        if marker in FRAMES and len(body) > 6:
            missing = {(component, k) for component in body[6::3] for k in range(64)}
        elif marker == SCAN and len(body) > 4 and not body[-1] & 15:
            components, first, last = body[1:-3:2], body[-3], body[-2]
            missing -= {(component, k) for component in components for k in range(first, last + 1)}
    return not missing


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the markers of a JPEG that have a length, and what they hold."""
    found = _MARKER.search(data, 2)
    while found and found.end() + 2 <= len(data):
        start = found.end() + 2
        end = start - 2 + int.from_bytes(data[start - 2 : start], "big")
        if not start <= end <= len(data):
            return
        yield data[start - 3], data[start:end]
        found = _MARKER.search(data, end)


def _intact(chunk: bytes) -> bool:
    return zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")
