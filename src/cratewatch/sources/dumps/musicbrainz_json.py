"""Releases of MusicBrainz' dump: a JSON object a line, by itself or in a tar file."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterable, Iterator
from typing import Any

from cratewatch.sources.dumps.blocks import CutError

MEMBER = "mbdump/"
TAR_BLOCK = 512
_TAR_MAGIC = slice(257, 262)
MOST_LINE_BYTES = 64 * 1024 * 1024


def is_json(begin: bytes) -> bool:
    """Whether a file that begins so is a dump of MusicBrainz, or may be one."""
    return begin.lstrip()[:1] == b"{" or begin[_TAR_MAGIC] == b"ustar"


def lines(kind: str, blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of a kind.

    Raises:
        CutError: once all that is whole was yielded, if the file ends in the middle.
    """
    rest = b""
    cut = None
    try:
        for block in _text(kind, blocks):
            *whole, rest = (rest + block).split(b"\n")
            yield from filter(None, whole)
            if len(rest) > MOST_LINE_BYTES:
                rest = rest[:1]  # no object any more: it is counted as damaged
    except CutError as error:
        cut = error
    if rest.strip() and (cut is None or is_whole(rest)):
        yield rest
    if cut is not None:
        raise cut


def is_whole(line: bytes) -> bool:
    """Whether a line is a JSON object."""
    return line_object(line) is not None


def line_object(line: bytes) -> dict[str, Any] | None:
    """Return what a line says, None if it is damaged."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _text(kind: str, blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a tar file's member, or all of a file that is none."""
    stream = _Stream(blocks)
    if stream.peek(TAR_BLOCK)[_TAR_MAGIC] != b"ustar":
        yield from stream.rest()
        return
    while (header := stream.take(TAR_BLOCK)).strip(b"\0"):
        try:
            member = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise CutError(stream.read, f"the tar file is damaged there ({error})") from error
        content = stream.part(member.size)
        if member.isreg() and member.name.removeprefix("./") == MEMBER + kind:
            yield from content
        for _ in content:
            pass
        stream.take(-member.size % TAR_BLOCK)
    if not header:
        raise CutError(stream.read, "the tar file has no end")


class _Stream:
    """Bytes that come in blocks, taken in other sizes.

    Attributes:
        read: How many were taken.
    """

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._held = b""
        self.read = 0

    def peek(self, n: int) -> bytes:
        """Return the next n bytes, or all if there are fewer, and keep them."""
        while len(self._held) < n and (block := next(self._blocks, b"")):
            self._held += block
        return self._held[:n]

    def take(self, n: int) -> bytes:
        """Return the next n bytes, or all if there are fewer."""
        taken = self.peek(n)
        self._held = self._held[n:]
        self.read += len(taken)
        return taken

    def part(self, n: int) -> Iterator[bytes]:
        """Yield the next n bytes.

        Raises:
            CutError: if there are fewer.
        """
        while n:
            taken = (self._held or self.peek(1))[:n]
            if not taken:
                raise CutError(self.read, "the tar file ends within a member")
            self._held = self._held[len(taken) :]
            self.read += len(taken)
            n -= len(taken)
            yield taken

    def rest(self) -> Iterator[bytes]:
        """Yield all that is left."""
        yield self._held
        self._held = b""
        yield from self._blocks
