"""What a lake can do, wherever it lies; each object is there whole or not at all."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from cratewatch.clocks import AHEAD
from cratewatch.errors import CratewatchError

COVERS = "covers"
REPORTS = "reports"
MOST_BYTES, MOST_BYTES_OF_PART = 1024, 255  # of a key in S3, and of a name in a folder
STALE_S = 24 * 3600.0  # no write takes a day: what is older was left by a process that died


@dataclass(frozen=True)
class Entry:
    """An object as a listing tells it.

    Attributes:
        modified_at: In seconds since the epoch.
        version: Another one where its bytes are others: of a folder size and time, of a store the
            ETag.
    """

    key: str
    modified_at: float
    version: str


class Lake(Protocol):
    """Objects under keys such as ``covers/ab/<sha256>.jpg``.

    It can be pickled. Every method raises UnavailableError if the folder or the store is away,
    full, or refuses the request, and CratewatchError for what is no key, such as one that leaves
    the lake.
    """

    @property
    def root(self) -> Path | str:
        """Where the lake lies, as a message shows it and as lake_path takes it."""

    def write(self, key: str, data: bytes) -> None:
        """Store data under key whole or not at all; an existing object is replaced."""

    def create(self, key: str, data: bytes) -> bool:
        """Store data under key if no object is there; of several writers one gets through.

        Returns:
            Whether there was none. False as well where the answer to a first attempt was lost
            and the second one met it: compare what is there, if that matters.
        """

    def read(self, key: str) -> bytes:
        """Return the object's bytes.

        Raises:
            NotFoundError: if there is no such object.
        """

    def download(self, key: str, file: Path) -> None:
        """Copy the object's bytes into a file, which may be larger than the memory.

        Raises:
            NotFoundError: if there is no such object.
        """

    def delete(self, key: str) -> None:
        """Remove the object if there is one."""

    def exists(self, key: str) -> bool:
        """Return whether there is such an object; what is no key names none."""

    def modified_at(self, key: str) -> float:
        """Return when the object was last written, in seconds since the epoch.

        Raises:
            NotFoundError: if there is no such object.
        """

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys below a folder-like prefix, sorted; "" stands for the whole lake."""

    def entries(self, prefix: str) -> Iterator[Entry]:
        """Yield what keys() yields, with more of what a listing tells."""

    def tidy(self, prefix: str, older_than_s: float = STALE_S) -> None:
        """Remove what writers that died left unfinished below a prefix; no object goes."""


def cover_key(cover_id: str) -> str:
    """Return the key of a cover: content-addressed, fanned out over 256 folders."""
    return f"{COVERS}/{cover_id[:2]}/{cover_id}.jpg"


def by_age(lake: Lake, key: str) -> tuple[float, str]:
    """Return what sorts objects by when they were written; a date of the future counts as none."""
    modified_at = lake.modified_at(key)
    return (0.0 if modified_at > time.time() + AHEAD.total_seconds() else modified_at), key


def is_key(key: str) -> bool:
    """Whether an object may have that key, in a folder as in a store."""
    parts = PurePosixPath(key).parts
    if not parts or ".." in parts or key.startswith("/") or "\0" in key:
        return False
    utf_8 = key.encode(errors="replace")
    longest = max(len(part.encode(errors="replace")) for part in parts)
    short = len(utf_8) <= MOST_BYTES and longest <= MOST_BYTES_OF_PART
    return short and utf_8.decode() == key


def checked_key(key: str) -> str:
    """Return the key in its plain form; raise CratewatchError if it is none."""
    if not is_key(key):
        raise CratewatchError(
            f"{key[:80]!r}: not a lake key; give a short name without .. and without / at its start"
        )
    return "/".join(PurePosixPath(key).parts)
