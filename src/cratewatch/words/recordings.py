"""Gathers the persons of a recording into the lake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cratewatch.errors import CratewatchError
from cratewatch.footage.events import Event
from cratewatch.footage.run import Seen
from cratewatch.footage.sources import Source, digest
from cratewatch.lake.lake import Lake
from cratewatch.words.gathering import Gatherer
from cratewatch.words.kept import (
    TOLD,
    Keeper,
    Recorded,
    footage_of,
    forget_pictures,
    kept_folders,
    read_kept,
)
from cratewatch.words.looking import LookingOptions, look_at


class KeptPersons:
    """Writes the persons of a run into the lake, and at its end what tells of them."""

    def __init__(self, lake: Lake, recorded: Recorded) -> None:
        self._keeper = Keeper(lake, recorded)
        self._gatherer = Gatherer(self._keeper.keep)

    def write(self, seen: Seen) -> None:
        """Take a frame's persons."""
        self._gatherer.write(seen)

    def write_end(self, events: Sequence[Event]) -> None:
        """Keep those whose tracks end."""
        self._gatherer.write_end(events)

    def close(self) -> None:
        """Write what tells of them."""
        self._gatherer.close()
        self._keeper.finish()


@dataclass(frozen=True)
class Gathered:
    """What a recording came to.

    Attributes:
        recording: Its name.
        is_known: Whether its persons were gathered before.
        pictures: That were kept.
        frames: That were looked at.
        frames_per_s: How fast.
        spent_s: Seconds of each stage.
        notes: What was wrong with it and was put up with.
    """

    recording: str
    is_known: bool
    pictures: int
    frames: int
    frames_per_s: float
    spent_s: dict[str, float]
    notes: list[str]


def gather_recording(  # noqa: PLR0913
    lake: Lake,
    source: Source,
    options: LookingOptions,
    *,
    camera: str,
    started_at: datetime | None,
    now: datetime,
) -> Gathered:
    """Look at a recording, and keep pictures of its persons, unless that was done before.

    Told another camera or time than before, it is done again.

    Raises:
        CratewatchError: if it is a stream, or cannot be read.
    """
    footage = digest(source.files)
    if footage is None:
        raise CratewatchError(f"{source.name}: a stream is no recording; record it first")
    recorded = Recorded(footage, camera, started_at, now, source.name)
    before = [folder for folder in kept_folders(lake) if footage_of(folder) == footage]
    if any(_is_same(lake, folder, recorded) for folder in before):
        return Gathered(source.name, True, 0, 0, 0.0, {}, [])
    keeper = Keeper(lake, recorded)
    summary = look_at(source, options, keeper.keep)
    pictures = keeper.finish()
    for folder in before:
        if folder != recorded.folder:
            forget_pictures(lake, folder)
            lake.delete(f"{folder}/{TOLD}")
    spent = {name: round(seconds, 3) for name, seconds in summary.spent_s.items()}
    rate = round(summary.frames_per_s, 1)
    return Gathered(source.name, False, pictures, summary.frames, rate, spent, list(source.notes))


def _is_same(lake: Lake, folder: str, recorded: Recorded) -> bool:
    told, _ = read_kept(lake, folder)
    return (told.camera, told.started_at) == (recorded.camera, recorded.started_at)
