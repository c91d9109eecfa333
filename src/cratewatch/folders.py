"""Folders of a home: for its owner alone, and rid of what local services left long ago."""

from __future__ import annotations

import contextlib
import shutil
import time
from pathlib import Path

from cratewatch.errors import NotFoundError

DAY_S = 24 * 3600.0


def private_folder(path: Path) -> Path:
    """Make a folder, and those above it that are missing, for their owner alone; return it.

    What is there already keeps its permissions.
    """
    for folder in reversed([path, *path.parents]):
        folder.mkdir(mode=0o700, exist_ok=True)
    return path


def users_path(text: str) -> Path:
    """Read a path as a user writes it: ~ and ~somebody are homes.

    Raises:
        NotFoundError: if there is no such home.
    """
    try:
        return Path(text).expanduser()
    except (
        RuntimeError
    ) as error:  # no such user, or one without HOME that the system has no name for
        raise NotFoundError(
            f"{text}: there is no such home folder; set HOME, or give a path without ~ (--home, "
            "CRATEWATCH_HOME)"
        ) from error


def prune(folder: Path, pattern: str, keep_days: float) -> list[Path]:
    """Delete what lies in a folder and was not written to for that many days; return it.

    Links are left alone, and so is what cannot be deleted.
    """
    before = time.time() - keep_days * DAY_S
    gone = []
    for path in sorted(folder.glob(pattern)):
        if path.is_symlink() or _latest(path) >= before:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        gone.append(path)
    return gone


def _latest(path: Path) -> float:
    """Return when a file, or anything in a folder, was last written, in seconds since the epoch."""
    times = [path.lstat().st_mtime]
    for one in path.rglob("*") if path.is_dir() else ():
        with contextlib.suppress(FileNotFoundError):  # its owner has deleted it meanwhile
            times.append(one.lstat().st_mtime)
    return max(times)
