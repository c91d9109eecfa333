"""Cuts the bytes of a dump into records without parsing them: most did not change since the last.

The outer element of a Discogs file is not needed, which some months lack; what stands between two
beginnings of records and has no end is one damaged record, and the others are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from cratewatch.sources.dumps.blocks import CutError

Kind = Literal["release", "master", "artist", "label"]
MOST_RECORD_BYTES = 16 * 1024 * 1024  # the longest releases have some hundred kilobytes
KEPT_BYTES = 1024  # of one that is longer: enough for its id
_STARTS: dict[bytes, Kind] = {
    b"<release ": "release",
    b"<master ": "master",
    b"<artist>": "artist",
    b"<label>": "label",  # those within a label have an id: <label id="5">
}
_FIRST = re.compile(rb"<release |<master |<artist>|<label>")
_ID = re.compile(rb"""\A\s*id=["'](\d+)["']|<id>(\d+)</id>""")
_BEFORE_FIRST = 64 * 1024  # bytes in which a dump's first record begins


class Record(NamedTuple):
    """One element of a dump.

    Attributes:
        native_id: None if none can be read.
        data: From behind its name to its end; without an end if that is missing.
        is_whole: Whether it has an end.
    """

    native_id: int | None
    data: bytes
    is_whole: bool


def kind_of(begin: bytes) -> Kind | None:
    """Return what the records are of a file that begins so; None if it is no dump of Discogs."""
    found = _FIRST.search(begin, 0, _BEFORE_FIRST)
    return _STARTS[found[0]] if found else None


def split(kind: Kind, blocks: Iterable[bytes]) -> Iterator[Record]:
    """Yield the records of a kind.

    Raises:
        CutError: once all that is whole was yielded, if the blocks raise it, or if the last
            record or the outer element has a beginning and no end.
    """
    end = b"</%s>" % kind.encode()
    parts = _Parts(kind)
    cut = None
    try:
        for block in blocks:
            for part in parts.take(block):
                yield _record(part, end)
    except CutError as error:
        cut = error
    last = _record(parts.rest, end)
    if last.is_whole:
        yield last
    cut = cut or parts.cut(last)
    if cut is not None:
        raise cut


class _Parts:
    """What stands between the beginnings of records.

    Attributes:
        rest: What came after the last beginning.
    """

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._start = next(text for text, of in _STARTS.items() if of == kind)
        self._preface: bytes | None = None
        self._read = 0
        self.rest = b""

    def take(self, block: bytes) -> list[bytes]:
        """Return the parts that a block ends."""
        self._read += len(block)
        *parts, self.rest = (self.rest + block).split(self._start)
        if parts and self._preface is None:
            self._preface = parts.pop(0)
        if len(self.rest) > MOST_RECORD_BYTES:
            parts.append(self.rest[:KEPT_BYTES])
            self.rest = b""
        return parts

    def cut(self, last: Record) -> CutError | None:
        """Return what is wrong with the end of the file."""
        if not last.is_whole:
            return CutError(self._read, f"the last {self._kind} has no end")
        outer = f"{self._kind}s>".encode()
        if b"<" + outer in (self._preface or b"") and b"</" + outer not in self.rest:
            return CutError(self._read, f"the end of all {self._kind}s is missing")
        return None


def _record(part: bytes, end: bytes) -> Record:
    stop = part.rfind(end)
    data = part[: stop + len(end)] if stop >= 0 else part
    if data.startswith(b'id="'):
        number = data[4 : data.find(b'"', 4, 24)]
        if number.isdigit():
            return Record(int(number), data, stop >= 0)
    found = _ID.search(data)
    return Record(int(found[1] or found[2]) if found else None, data, stop >= 0)
