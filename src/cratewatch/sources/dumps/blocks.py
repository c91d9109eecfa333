"""The bytes of a file, whatever it was compressed with, up to where it is cut off."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from cratewatch.errors import CratewatchError, NotFoundError

READ_BYTES = 256 * 1024
MOST_BYTES = 4 * 1024 * 1024  # that one piece of compressed data may become at once
LAST_BYTES = 16  # pieces in which a damaged piece is read again, up to the damage
_MAGIC = {b"\x1f\x8b": "gzip", b"\xfd7zXZ\x00": "xz", b"BZh": "bzip2"}
_DAMAGED = (zlib.error, lzma.LZMAError, OSError, EOFError)


class CutError(CratewatchError):
    """A file ends before it should, or its data is damaged from some place on.

    Attributes:
        at: Bytes of text before that place.
        reason: What is wrong there.
    """

    def __init__(self, at: int, reason: str) -> None:
        super().__init__(at, reason)
        self.at = at
        self.reason = reason

    def __str__(self) -> str:
        return f"cut off at byte {self.at:,} of the text: {self.reason}"


def read_blocks(path: Path, on_read: Callable[[int], None] | None = None) -> Iterator[bytes]:
    """Yield a file's bytes, decompressed if it is gzip, xz or bzip2: its name says nothing.

    Args:
        on_read: Called with the number of the file's own bytes that were read.

    Raises:
        NotFoundError: if there is no such file.
        CutError: once everything before the damage was yielded.
    """
    if not path.is_file():
        raise NotFoundError(f"{path}: there is no such file; give the dump's path")
    done = 0
    with path.open("rb") as file:
        begin = file.read(6)
        file.seek(0)
        pieces = _pieces(file, on_read)
        packed = next((name for magic, name in _MAGIC.items() if begin.startswith(magic)), None)
        for block in _unpacked(packed, pieces) if packed else pieces:
            if isinstance(block, str):
                raise CutError(done, block)
            done += len(block)
            yield block


def _pieces(file: BinaryIO, on_read: Callable[[int], None] | None) -> Iterator[bytes]:
    while piece := file.read(READ_BYTES):
        if on_read is not None:
            on_read(file.tell())
        yield piece


class _Unpack(Protocol):
    """What the decompressors of the three formats have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def _unpacked(packed: str, pieces: Iterator[bytes]) -> Iterator[bytes | str]:
    """Yield blocks, and last what is wrong if something is."""
    unpack = _new(packed)
    for piece in pieces:
        rest = piece
        while rest:
            if unpack.eof:  # another member follows, or the padding of a tape
                rest = rest.lstrip(b"\0")
                if not rest:
                    break
                unpack = _new(packed)
            before, given = _copy(unpack), 0
            try:
                for block in _of_piece(unpack, rest):
                    given += len(block)
                    yield block
            except _DAMAGED as error:
                yield b"".join(_up_to_damage(before, rest))[given:]
                yield f"the {packed} data is damaged there ({error})"
                return
            rest = unpack.unused_data if unpack.eof else b""
    if not unpack.eof:
        yield f"the {packed} data ends in the middle"


def _new(packed: str) -> _Unpack:
    if packed == "gzip":
        return zlib.decompressobj(wbits=31)
    return lzma.LZMADecompressor() if packed == "xz" else bz2.BZ2Decompressor()


def _copy(unpack: _Unpack) -> _Unpack | None:
    """Return the state of a decompressor, of which only that of gzip can be kept."""
    copy = getattr(unpack, "copy", None)
    return copy() if copy else None


def _of_piece(unpack: _Unpack, piece: bytes) -> Iterator[bytes]:
    block = unpack.decompress(piece, MOST_BYTES)
    while block:
        yield block
        if unpack.eof:
            return
        block = unpack.decompress(getattr(unpack, "unconsumed_tail", b""), MOST_BYTES)


def _up_to_damage(unpack: _Unpack | None, piece: bytes) -> Iterator[bytes]:
    """Yield what a damaged piece of gzip data holds before the damage."""
    if unpack is None:
        return
    for start in range(0, len(piece), LAST_BYTES):
        try:
            yield unpack.decompress(piece[start : start + LAST_BYTES])
        except _DAMAGED:
            return
