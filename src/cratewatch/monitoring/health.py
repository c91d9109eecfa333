"""What of a status somebody has to look at."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

LATE_AFTER_H = 26.0
"""A night and some hours."""


def problems(status: dict[str, Any], late_after_h: float, now: datetime) -> list[str]:
    """Return what is wrong, a line each; nothing where all is well.

    Args:
        status: What collect_status() returned.
        late_after_h: How old the last good run of a source may be, in hours.
        now: In UTC.
    """
    late = now - timedelta(hours=late_after_h)
    found = [
        f"{name}: {trouble}"
        for name, source in status["sources"].items()
        if (trouble := _of_source(name, source, late))
    ]
    return found + _of_gallery(status)


def is_late(source: dict[str, Any], since: datetime) -> bool:
    """Whether no run of a source that began since then has ended; see status.source_status()."""
    ended = source["started_at"] if source["state"] == "failed" else source["last_success"]
    return ended is None or datetime.fromisoformat(ended) < since


def _of_source(name: str, source: dict[str, Any], late: datetime) -> str:
    if source["state"] == "failed":
        error = source["error"] or "no reason was recorded"
        return f"failed: {error.removeprefix(f'{name}: ')}"
    good = source["last_success"]
    if good is None:
        return "has never been refreshed"
    return f"late: the last good run began {good}" if is_late(source, late) else ""


def _of_gallery(status: dict[str, Any]) -> list[str]:
    gallery, covers = status["gallery"], status["catalog"]["covers"]
    if "error" in gallery:  # one process at a time has a file; a refresh gives it back
        busy = any(source["state"] == "running" for source in status["sources"].values())
        return [] if busy else [str(gallery["error"])]
    if gallery["serving"] is None:
        return [f"gallery: {covers} covers and none serves; run `cratewatch index`"] * bool(covers)
    told = gallery["found_themselves"]
    if told["found"] == told["of"]:
        return []
    return [
        f"gallery: {told['of'] - told['found']} of {told['of']} covers do not find themselves; "
        "run `cratewatch index --verify`"
    ]
