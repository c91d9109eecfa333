"""The lake in a folder: one machine's, or one that all machines share."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cratewatch.errors import NotFoundError, UnavailableError
from cratewatch.lake.lake import STALE_S, Entry, checked_key, is_key

PARTIAL = ".partial-"


@dataclass(frozen=True)
class FolderLake:
    """A folder of files; see Lake for what its methods do."""

    root: Path

    def write(self, key: str, data: bytes) -> None:
        """Write beside the place, then rename."""
        with self._explained(f"write {key}"), self._partial(key, data) as (partial, path):
            partial.replace(path)

    def create(self, key: str, data: bytes) -> bool:
        """Write beside the place, then link, which one of several can."""
        with self._explained(f"write {key}"), self._partial(key, data) as (partial, path):
            try:
                os.link(partial, path)  # unlike a rename it refuses an existing name
            except FileExistsError:
                return False
            return True

    def read(self, key: str) -> bytes:
        """Read a file whole."""
        with self._explained(f"read {key}"):
            try:
                return self._path(key).read_bytes()
            except FileNotFoundError as error:
                raise self._missing(key) from error

    def download(self, key: str, file: Path) -> None:
        """Copy a file."""
        with self._explained(f"read {key}"):
            try:
                shutil.copyfile(self._path(key), file)
            except FileNotFoundError as error:
                raise self._missing(key) from error

    def delete(self, key: str) -> None:
        """Delete a file, if it is there."""
        with self._explained(f"delete {key}"):
            self._path(key).unlink(missing_ok=True)

    def exists(self, key: str) -> bool:
        """Whether there is a file of that name."""
        with self._explained(f"look for {key}"):
            return is_key(key) and self._path(key).is_file()

    def modified_at(self, key: str) -> float:
        """Return the file's time, in seconds since 1970."""
        with self._explained(f"look for {key}"):
            try:
                return self._path(key).stat().st_mtime
            except FileNotFoundError as error:
                raise self._missing(key) from error

    def keys(self, prefix: str) -> Iterator[str]:
        """List the files below a folder, without those half written."""
        with self._explained(f"list {prefix}"):
            files = [path for path in self._folder(prefix).rglob("*") if path.is_file()]
        kept = (path for path in files if not path.name.startswith(PARTIAL))
        yield from sorted(path.relative_to(self.root).as_posix() for path in kept)

    def entries(self, prefix: str) -> Iterator[Entry]:
        """List the files below a folder, as they are now."""
        for key in self.keys(prefix):
            with self._explained(f"look for {key}"), contextlib.suppress(FileNotFoundError):
                told = self._path(key).stat()
                version = f"{told.st_size}-{told.st_mtime_ns}"
                yield Entry(key, told.st_mtime, version)

    def tidy(self, prefix: str, older_than_s: float = STALE_S) -> None:
        """Delete what killed writers left half written."""
        limit = time.time() - older_than_s
        with self._explained(f"tidy {prefix}"):
            for path in self._folder(prefix).rglob(f"{PARTIAL}*"):
                with contextlib.suppress(FileNotFoundError):  # its writer was alive and finished
                    if path.stat().st_mtime < limit:
                        path.unlink()

    @contextlib.contextmanager
    def _partial(self, key: str, data: bytes) -> Iterator[tuple[Path, Path]]:
        """Yield a file that holds data, and the path of the object that it is to become."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{PARTIAL}{uuid.uuid4().hex}")
        try:
            with partial.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            yield partial, path
        finally:
            partial.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UnavailableError(
                f"lake {self.root}: cannot {doing}: {error.strerror or error}; see to the folder's "
                "disk and permissions, or correct lake_path, then run the same command again"
            ) from error

    def _missing(self, key: str) -> NotFoundError:
        return NotFoundError(f"lake {self.root}: no object {key}")

    def _path(self, key: str) -> Path:
        return self.root / checked_key(key)

    def _folder(self, prefix: str) -> Path:
        return self._path(prefix) if prefix else self.root
