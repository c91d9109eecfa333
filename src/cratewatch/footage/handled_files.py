"""handled.csv of a run, and the best picture of each handling."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

from cratewatch.footage.events import Event
from cratewatch.footage.handled import Handled
from cratewatch.footage.run import Seen
from cratewatch.footage.run_folder import HANDLED, PICTURES

COLUMNS = (
    *("handling_id", "track_id", "started_s", "ended_s", "seconds", "cover_id", "artwork_id"),
    *("path_or_url", "artist", "title", "probability", "known", "frames", "best_frame"),
)


class HandledFiles:
    """Writes what was handled, once all of it is known: at the end of a run."""

    def __init__(self, folder: Path, handled: Callable[[], Sequence[Handled]]) -> None:
        """Take the folder of the run, and what tells the handlings when they are over."""
        self._folder = folder
        self._handled = handled

    def write(self, seen: Seen) -> None:
        """Do nothing: what is handled is known in the end."""

    def write_end(self, events: Sequence[Event]) -> None:
        """Do nothing: the file is written as a whole."""

    def close(self) -> None:
        """Write all files."""
        pictures = self._folder / PICTURES
        pictures.mkdir(exist_ok=True)
        for left in pictures.glob("*.jpg"):  # of a run that was interrupted
            left.unlink()
        handled = self._handled()
        for one in handled:
            if one.view is not None:
                picture = pictures / f"{one.handling.handling_id}.jpg"
                one.view.upright.image.save(picture, quality=88)
        with (self._folder / HANDLED).open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(COLUMNS)
            rows.writerows(_row(one) for one in handled)


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
