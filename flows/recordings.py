"""Recordings of cameras: video files in folders, or in buckets of the lake's store."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cratewatch.clocks import AHEAD
from cratewatch.errors import NotFoundError
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import Entry, Lake
from cratewatch.lake.location import S3_SCHEME, LakeLocation
from cratewatch.lake.opening import open_lake

ENDINGS = frozenset(
    (".mp4", ".m4v", ".mov", ".mkv", ".avi", ".ts", ".mts", ".mpg", ".mpeg", ".webm", ".flv")
)
SETTLED_S = 10.0
"""A file that was written to later than so long ago may still grow."""
BLOCK_BYTES = 2**20


@dataclass(frozen=True)
class Recording:
    """One file of a camera."""

    lake: Lake
    entry: Entry

    @property
    def name(self) -> str:
        """Where it lies, as a message shows it."""
        return f"{self.lake.root}/{self.entry.key}"

    @property
    def path(self) -> PurePosixPath:
        """Its path within the folder or bucket."""
        return PurePosixPath(self.entry.key)

    @property
    def stamp(self) -> str:
        """What it is known by without being read."""
        return f"{self.name} {self.entry.version}"

    @property
    def is_settled(self) -> bool:
        """Whether nobody writes to it any more; a date of the future tells nothing."""
        age_s = time.time() - self.entry.modified_at
        return age_s > SETTLED_S or age_s < -AHEAD.total_seconds()

    @contextlib.contextmanager
    def here(self, folder: Path) -> Iterator[Path]:
        """Have it as a file for the block: itself, or a copy in a folder that is deleted then."""
        if isinstance(self.lake, FolderLake):
            yield self.lake.root / self.entry.key
            return
        with tempfile.TemporaryDirectory(dir=folder, prefix=".fetched-") as fetched:
            file = Path(fetched) / self.path.name
            self.lake.download(self.entry.key, file)
            yield file


def find_recordings(places: Sequence[str], lake: LakeLocation) -> list[Recording]:
    """Return the recordings in folders and buckets, and in those below, by name; each once.

    Args:
        places: Folders, or ``s3://BUCKET/PREFIX``.
        lake: Whose store and keys open a bucket.

    Raises:
        NotFoundError: if a folder is none.
    """
    found: dict[str, Recording] = {}
    for place in places:
        opened = _open(place, lake)
        for entry in opened.entries(""):
            if PurePosixPath(entry.key).suffix.lower() in ENDINGS:
                recording = Recording(opened, entry)
                found.setdefault(recording.name, recording)
    return [found[name] for name in sorted(found)]


def _open(place: str, lake: LakeLocation) -> Lake:
    if not place.startswith(S3_SCHEME) and not Path(place).is_dir():
        raise NotFoundError(
            f"{place}: no such folder; give folders of recordings, or s3://BUCKET/PREFIX"
        )
    path = place if place.startswith(S3_SCHEME) else str(Path(place).absolute())
    return open_lake(dataclasses.replace(lake, path=path))


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file's bytes, hexadecimal."""
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
