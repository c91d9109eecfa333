"""Reads what a run of footage left in its folder."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.footage.handlings import Handling

RUN, HANDLED, PICTURES = "run.json", "handled.csv", "handled"
TRACKS_CSV, EVENTS_JSONL, ANNOTATED = "tracks.csv", "events.jsonl", "annotated.mp4"
AGAIN = "run `cratewatch footage` again"
_NEEDED = {field.name for field in fields(Handling)}


@dataclass(frozen=True)
class NamedHandling:
    """A handling, and what its cover is called; "" where that is not known."""

    handling: Handling
    path_or_url: str
    artist: str
    title: str


def read_run(folder: Path) -> dict[str, Any]:
    """Return what a run says of itself.

    Raises:
        NotFoundError: if the folder holds no run.
        CratewatchError: if what it holds is none.
    """
    file = folder / RUN
    try:
        run = json.loads(_text(file))
    except ValueError as error:
        raise CratewatchError(f"{file}: no valid JSON: {error}; {AGAIN}") from error
    if not isinstance(run, dict):
        raise CratewatchError(f"{file}: no object of JSON; {AGAIN}")
    return run


def filmed_at(run: Mapping[str, Any]) -> datetime | None:
    """Return when a run's first frame was filmed, aware; None if nobody said it.

    A stream was filmed when it was looked at.
    """
    told = _part(run, "settings").get("started_at") or _part(run, "input").get("begun_at")
    try:
        moment = datetime.fromisoformat(str(told))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def is_whole(run: Mapping[str, Any]) -> bool:
    """Return whether a run came to its end."""
    return bool(_part(run, "report").get("complete"))


def is_stream(run: Mapping[str, Any]) -> bool:
    """Return whether a run looked at a stream, which nobody can look at again."""
    return bool(_part(run, "input").get("begun_at"))


def _part(run: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = run.get(name)
    return part if isinstance(part, Mapping) else {}


def footage_key(run: Mapping[str, Any], camera: str, started_at: datetime) -> str:
    """Return what is the same for the same recording, however often it is analysed.

    Returns:
        64 hexadecimal digits: the SHA-256 of the recording, or where there was no file, as of a
        stream, one of camera and time.
    """
    told = _part(run, "input").get("sha256")
    if isinstance(told, str) and len(told) == 64:
        return told
    return hashlib.sha256(f"{camera} {started_at.isoformat()}".encode()).hexdigest()


def read_handlings(folder: Path) -> list[Handling]:
    """Return the handlings of a run, as its CSV tells them; see read_named."""
    return [one.handling for one in read_named(folder)]


def read_named(folder: Path) -> list[NamedHandling]:
    """Return the handlings of a run with their names, as its CSV tells them.

    Raises:
        NotFoundError: if there is no such file.
        CratewatchError: if a column is missing, or a value makes no sense.
    """
    file = folder / HANDLED
    rows = csv.DictReader(io.StringIO(_text(file), newline=""))
    if missing := sorted(_NEEDED - set(rows.fieldnames or ())):
        raise CratewatchError(f"{file}: no column {', '.join(missing)}; {AGAIN}")
    named = [_named(row, f"{file}, line {rows.line_num}") for row in rows]
    if len({one.handling.handling_id for one in named}) < len(named):
        raise CratewatchError(f"{file}: a handling_id stands there twice; {AGAIN}")
    return named


def pictures(folder: Path) -> dict[int, Path]:
    """Return the best picture of each handling that has one, by handling_id."""
    files = (folder / PICTURES).glob("*.[jp][pn]g")
    return {int(file.stem): file for file in sorted(files) if file.stem.isdecimal()}


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except FileNotFoundError as error:
        raise NotFoundError(f"{file}: no such file; {AGAIN}") from error
    except UnicodeDecodeError as error:
        raise CratewatchError(f"{file}: no UTF-8; {AGAIN}") from error


def _named(row: Mapping[str, str], where: str) -> NamedHandling:
    names = (row.get(name) or "" for name in ("path_or_url", "artist", "title"))
    return NamedHandling(_handling(row, where), *names)


def _handling(row: Mapping[str, str], where: str) -> Handling:
    try:
        return Handling(
            handling_id=int(row["handling_id"]),
            track_id=int(row["track_id"]),
            started_s=float(row["started_s"]),
            ended_s=float(row["ended_s"]),
            cover_id=row["cover_id"] or None,
            artwork_id=row["artwork_id"] or None,
            probability=float(row["probability"]) if row["probability"] else None,
            known={"true": True, "false": False}[row["known"].lower()],
            frames=int(row["frames"]),
            best_frame=int(row["best_frame"]),
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise CratewatchError(f"{where}: {error} is no value of a handling; {AGAIN}") from error
