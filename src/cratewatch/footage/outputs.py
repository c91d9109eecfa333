"""The files of a run that grow frame by frame."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from cratewatch.footage.events import Event
from cratewatch.footage.frames import Frame
from cratewatch.footage.persons import TrackedPerson
from cratewatch.footage.run import Seen
from cratewatch.footage.run_folder import ANNOTATED, EVENTS_JSONL, TRACKS_CSV
from cratewatch.footage.video_writing import VideoWriter
from cratewatch.footage.whole_files import WholeFile

TRACK_COLUMNS = ("frame", "track_id", "x1", "y1", "x2", "y2", "det_conf", "state", "t_s")


class TracksFile:
    """tracks.csv: a line for each track in each frame."""

    def __init__(self, folder: Path) -> None:
        self._file = WholeFile(folder / TRACKS_CSV)
        self._file.write_rows([TRACK_COLUMNS])

    def write(self, seen: Seen) -> None:
        """Write the tracks of a frame."""
        self._file.write_rows(_row(seen.frame, person) for person in seen.persons)

    def write_end(self, events: Sequence[Event]) -> None:
        """Do nothing: tracks have no line after the last frame."""

    def close(self) -> None:
        """Leave it whole."""
        self._file.close()


def _row(frame: Frame, person: TrackedPerson) -> list[object]:
    corners = [f"{value:.1f}" for value in person.box_xyxy]
    seconds = f"{frame.seconds:.3f}"
    return [frame.number, person.track_id, *corners, f"{person.conf:.3f}", person.state, seconds]


class EventsFile:
    """events.jsonl: a line for each event, there as soon as it happens."""

    def __init__(self, folder: Path) -> None:
        self._file = WholeFile(folder / EVENTS_JSONL)

    def write(self, seen: Seen) -> None:
        """Write what happened in a frame."""
        self.write_end(seen.events)

    def write_end(self, events: Sequence[Event]) -> None:
        """Write events."""
        lines = [json.dumps(event.as_line(), ensure_ascii=False) + "\n" for event in events]
        self._file.write("".join(lines).encode())

    def close(self) -> None:
        """Leave it whole."""
        self._file.close()


class AnnotatedVideo:
    """annotated.mp4: the pictures that may be kept."""

    def __init__(self, folder: Path, width_px: int, height_px: int, rate_fps: float) -> None:
        self._writer = VideoWriter(folder / ANNOTATED, width_px, height_px, rate_fps)

    def write(self, seen: Seen) -> None:
        """Add a frame's picture at its time."""
        if seen.canvas is not None:
            self._writer.write(Frame(seen.frame.number, seen.frame.seconds, seen.canvas))

    def write_end(self, events: Sequence[Event]) -> None:
        """Do nothing: there is no picture after the last."""

    def close(self) -> None:
        """Leave it whole."""
        self._writer.close()
