"""Finds the runs of footage whose folders are still there, and tells what each shows when."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from cratewatch.catalog.catalog import Catalog
from cratewatch.errors import CratewatchError
from cratewatch.footage.handlings import Handling
from cratewatch.footage.run_folder import (
    ANNOTATED,
    EVENTS_JSONL,
    HANDLED,
    RUN,
    filmed_at,
    footage_key,
    is_whole,
    read_handlings,
    read_run,
)

MOST_EVENTS = 20_000
"""Of a run that are read, some 3 MB."""
MOST_EXPORTS = 500


@dataclass(frozen=True)
class KeptRun:
    """A whole run whose folder is there.

    Attributes:
        footage_run: What the catalog calls it.
        name: Of the footage: a file, folder, pattern or stream.
        camera: That filmed it; None where the catalog has no handling of it.
        filmed_at: When its first frame was taken, in UTC; None if nobody said it.
        seconds: How long it is.
        persons: Who was confirmed in it.
        handlings: In the catalog; known are those with a name that is believed.
        is_hidden: Whether persons were made unknown on its video.
    """

    footage_run: str
    folder: Path
    name: str
    camera: str | None
    filmed_at: datetime | None
    seconds: float
    rate_fps: float
    persons: int
    handlings: int
    known: int
    is_hidden: bool

    @property
    def video(self) -> Path | None:
        """Its video; None where it is gone, or shows persons as they are."""
        file = self.folder / ANNOTATED
        return file if self.is_hidden and file.is_file() else None


def run_folders(nights: Path, catalog: Catalog) -> list[Path]:
    """Return the folders of runs on this machine, those that were written last first.

    Args:
        nights: Where the runs of nights lie, each in a folder of its own.
    """
    exported = [Path(one) for one in catalog.audit.targets("footage", MOST_EXPORTS)]
    found = {file.parent: file.stat().st_mtime for file in nights.glob(f"*/{RUN}")}
    for folder in exported:
        with contextlib.suppress(OSError):  # moved, deleted, or of another machine
            found[folder] = (folder / RUN).stat().st_mtime
    return sorted(found, key=lambda folder: found[folder], reverse=True)


def kept_runs(folders: Sequence[Path], catalog: Catalog) -> Iterator[KeptRun]:
    """Yield the whole runs in folders; what is none is left out."""
    cameras = list(catalog.handlings.counts())
    for folder in folders:
        try:
            run = read_run(folder)
        except CratewatchError:  # one that is broken hides no other
            continue
        if is_whole(run):
            yield from _kept(folder, run, catalog, cameras)


def _kept(
    folder: Path, run: Mapping[str, Any], catalog: Catalog, cameras: Sequence[str]
) -> Iterator[KeptRun]:
    """Yield a run, unless it is a stream of which the catalog has nothing."""
    keys = _keys(run, cameras)
    recorded = catalog.handlings.of_runs(keys)
    key = next(iter(recorded or keys), None)
    if key is None:
        return
    of_run = recorded.get(key)
    report, settings, read = run["report"], run.get("settings") or {}, run.get("input") or {}
    yield KeptRun(
        footage_run=key,
        folder=folder,
        name=Path(str(read.get("name") or folder)).name,
        camera=of_run.camera if of_run else None,
        filmed_at=moment.astimezone(UTC) if (moment := filmed_at(run)) else None,
        seconds=float(report.get("seconds") or 0),
        rate_fps=float(read.get("rate_fps") or 0) / float(report.get("every") or 1),
        persons=int(report.get("persons") or 0),
        handlings=of_run.handlings if of_run else 0,
        known=of_run.known if of_run else 0,
        is_hidden=settings.get("hides") is True,
    )


def _keys(run: Mapping[str, Any], cameras: Sequence[str]) -> list[str]:
    """Return what the catalog may call a run: a stream's name is made of its camera, too."""
    moment = filmed_at(run)
    if (run.get("input") or {}).get("sha256"):
        return [footage_key(run, "", datetime.min)]
    return [footage_key(run, camera, moment) for camera in cameras] if moment else []


def find_run(nights: Path, catalog: Catalog, footage_run: str) -> KeptRun | None:
    """Return a run by what the catalog calls it; None if its folder is not on this machine."""
    named = [nights / footage_run] if (nights / footage_run / RUN).is_file() else []
    for folders in (named, run_folders(nights, catalog)):
        for run in kept_runs(folders, catalog):
            if run.footage_run == footage_run:
                return run
    return None


def handlings_of(run: KeptRun) -> list[Handling]:
    """Return what was handled in a run, by time.

    Raises:
        CratewatchError: if the folder tells no sense of it.
    """
    if not (run.folder / HANDLED).is_file():
        return []
    return sorted(read_handlings(run.folder), key=lambda one: (one.started_s, one.handling_id))


def events_of(run: KeptRun) -> list[dict[str, Any]]:
    """Return what happened in a run, by time, as its lines tell it.

    Raises:
        CratewatchError: if a line makes no sense.
    """
    file = run.folder / EVENTS_JSONL
    try:
        with file.open(encoding="utf-8") as lines:
            return [json.loads(line) for line in islice(lines, MOST_EVENTS)]
    except FileNotFoundError:
        return []
    except ValueError as error:
        raise CratewatchError(f"{file}: no lines of JSON ({error})") from error
