"""Copies a Milvus Lite file, so that one process reads the copy while another has the file."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from cratewatch.errors import BusyError, NotFoundError, UnavailableError
from cratewatch.gallery.connection import LITE_LOCK

Signature = tuple[tuple[str, int, int], ...]
HELD = "another process writes to the gallery"


def signature(file: Path) -> Signature:
    """Return what differs once the file holds something else: names, sizes and times."""
    return tuple(sorted(_stats(file)))


def _stats(file: Path) -> Iterator[tuple[str, int, int]]:
    for folder, _, names in os.walk(file):
        for name in names:
            path = Path(folder, name)
            try:
                stat = path.stat()
            except FileNotFoundError:  # it went away meanwhile
                continue
            if name != LITE_LOCK and stat.st_size:
                yield str(path.relative_to(file)), stat.st_size, stat.st_mtime_ns


def copy_file(file: Path, to: Path) -> Signature:
    """Copy the file as it is between two writers; return the signature of what was copied.

    Raises:
        NotFoundError: if there is none yet.
        BusyError: if a process holds it.
        UnavailableError: if it cannot be read, or there is no room for the copy.
    """
    try:
        lock = os.open(file / LITE_LOCK, os.O_RDWR)
    except FileNotFoundError as error:
        raise NotFoundError(
            f"gallery {file}: nothing is indexed yet; run `cratewatch index`"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        seen = signature(file)
        shutil.copytree(file, to, dirs_exist_ok=False)
    except BlockingIOError as error:
        raise BusyError(f"gallery {file}", HELD) from error
    except (OSError, shutil.Error) as error:
        raise UnavailableError(
            f"gallery {file}: cannot be copied to {to} ({error}); see to the disk"
        ) from error
    finally:
        os.close(lock)
    return seen
