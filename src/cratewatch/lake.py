"""The lake: covers, query shards, models and reports, written once, as files of a folder.

Nothing else in the library builds a path inside the lake.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from cratewatch.errors import NotFoundError, SettingsError

PARTIAL = ".partial-"


class Lake:
    """A folder of objects under keys such as ``covers/ab/<sha256>.jpg``."""

    def __init__(self, root: str | Path) -> None:
        """Raise SettingsError if root is a URL: this version keeps its lake in a folder."""
        if "://" in str(root):
            raise SettingsError(f"lake_path {root}: not a folder; give the path of a folder")
        self.root = Path(root)

    def write(self, key: str, data: bytes) -> None:
        """Store data under key whole or not at all; an existing object is replaced."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{PARTIAL}{uuid.uuid4().hex}")
        try:
            with partial.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise

    def read(self, key: str) -> bytes:
        """Return the object's bytes.

        Raises:
            NotFoundError: if there is no such object.
        """
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError as error:
            raise NotFoundError(f"lake {self.root}: no object {key}") from error

    def delete(self, key: str) -> None:
        """Remove the object if there is one."""
        self._path(key).unlink(missing_ok=True)

    def exists(self, key: str) -> bool:
        return self._path(key).is_file()

    def modified_at(self, key: str) -> float:
        """Return when the object was last written, in seconds since the epoch."""
        return self._path(key).stat().st_mtime

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys below a folder-like prefix, sorted; unfinished writes are left out."""
        for path in sorted(self._path(prefix).rglob("*")):
            if path.is_file() and not path.name.startswith(PARTIAL):
                yield path.relative_to(self.root).as_posix()

    def _path(self, key: str) -> Path:
        parts = PurePosixPath(key).parts
        if not parts or ".." in parts or PurePosixPath(key).is_absolute():
            raise ValueError(f"not a lake key: {key!r}")
        return self.root.joinpath(*parts)


def cover_key(cover_id: str) -> str:
    """Return the key of a cover: content-addressed, fanned out over 256 folders."""
    return f"covers/{cover_id[:2]}/{cover_id}.jpg"
