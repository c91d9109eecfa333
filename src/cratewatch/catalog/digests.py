"""Digests of a dump's records, 1,024 in a row of the database."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from cratewatch.catalog.schema import DumpBlockRow

BLOCK = 1024
"""Numbers of a block: record n is entry n % BLOCK of block n // BLOCK."""
_ENTRIES = struct.Struct(f"<{BLOCK}Q")


def packed(digests: Sequence[int]) -> bytes:
    """Return a block as it is kept."""
    return _ENTRIES.pack(*digests)


def unpacked(kept: bytes) -> list[int]:
    """Return the block that packed() was asked of."""
    return list(_ENTRIES.unpack(kept))


def forget(session: Session, source: str, kind: str, numbers: Iterable[str]) -> None:
    """Forget records that are gone: were one to come back as it was, it would be read anew."""
    by_block: defaultdict[int, list[int]] = defaultdict(list)
    for number in numbers:
        if number.isdecimal():
            by_block[int(number) // BLOCK].append(int(number) % BLOCK)
    for block, entries in by_block.items():
        row = session.get(DumpBlockRow, (source, kind, block))
        if row is not None:
            digests = unpacked(row.digests)
            for entry in entries:
                digests[entry] = 0
            row.digests = packed(digests)
