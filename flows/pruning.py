"""Rids a home of what local services left there longer ago than its owner wants to keep."""

from __future__ import annotations

from pathlib import Path

from cratewatch.folders import prune
from cratewatch.settings import Settings

SINCE = ".since"
FOOTAGE = "footage"
"""Below a home: what was drawn of each recording by night."""


def prune_home(settings: Settings) -> list[Path]:
    """Delete old logs of runs, sessions of Ray and runs of footage; return them."""
    days = settings.logs_keep_days
    return [
        *prune(settings.home / "logs", "*.log", days),
        *prune(settings.home / "ray", "session_*", days),
        *prune(settings.home / FOOTAGE, "*", settings.footage_keep_days),
    ]


def prune_database(file: Path, keep_days: float) -> None:
    """Delete a database of Prefect's that was begun longer ago, before a server opens it.

    Nothing in it is needed by a later command. A server that has it open goes on with the file
    that it holds.
    """
    since = file.with_name(f"{file.name}{SINCE}")
    if prune(file.parent, since.name, keep_days) or not since.exists():
        for old in file.parent.glob(f"{file.name}*"):
            old.unlink(missing_ok=True)
        since.touch()
