"""handled.csv of a run, and the best picture of each handling, written as soon as it is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from cratewatch.footage.events import Event
from cratewatch.footage.handled import Handled
from cratewatch.footage.run import Seen
from cratewatch.footage.run_folder import HANDLED, PICTURES
from cratewatch.footage.whole_files import WholeFile

COLUMNS = (
    *("handling_id", "track_id", "started_s", "ended_s", "seconds", "cover_id", "artwork_id"),
    *("path_or_url", "artist", "title", "probability", "known", "frames", "best_frame"),
)


class HandledFiles:
    """Writes handlings one by one: whoever is killed leaves those that are over."""

    def __init__(self, folder: Path, handled: Callable[[], Sequence[Handled]]) -> None:
        """Begin anew in the folder of a run.

        Args:
            handled: Tells the handlings that are over for good, each once.

        Raises:
            OSError: if a file cannot be written, here and later; what was written before is whole.
        """
        self._pictures = folder / PICTURES
        self._handled = handled
        self._pictures.mkdir(exist_ok=True)
        for left in self._pictures.glob("*.jpg"):  # of a run that was interrupted
            left.unlink()
        self._file = WholeFile(folder / HANDLED)
        self._file.write_rows([COLUMNS])

    def write(self, seen: Seen) -> None:
        """Write those that are over."""
        del seen
        self._write_new()

    def write_end(self, events: Sequence[Event]) -> None:
        """Write the last ones."""
        del events
        self._write_new()

    def close(self) -> None:
        """Leave it whole."""
        self._file.close()

    def _write_new(self) -> None:
        """Write each picture before its line: what has a line has its picture."""
        for one in self._handled():
            if one.view is not None:
                picture = self._pictures / f"{one.handling.handling_id}.jpg"
                one.view.upright.image.save(picture, quality=88)
            self._file.write_rows([_row(one)])


def _row(one: Handled) -> list[object]:
    handling, match = one.handling, one.identity.match
    release = match.releases[0] if match and match.releases else None
    probability = handling.probability
    return [
        handling.handling_id,
        handling.track_id,
        f"{handling.started_s:.3f}",
        f"{handling.ended_s:.3f}",
        f"{handling.seconds:.3f}",
        handling.cover_id or "",
        handling.artwork_id or "",
        match.path_or_url if match else "",
        (release.artist or "") if release else "",
        release.title if release else "",
        "" if probability is None else f"{probability:.4f}",
        str(handling.known).lower(),
        handling.frames,
        handling.best_frame,
    ]
