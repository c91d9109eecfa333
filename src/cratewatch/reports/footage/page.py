"""Writes the page of a run: a timeline, what was handled, and for how long. It shows no person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from cratewatch.footage.events import Event
from cratewatch.footage.run import Seen
from cratewatch.footage.run_folder import NamedHandling, pictures, read_named
from cratewatch.images.reading import load
from cratewatch.reports.html import picture_url, render

PAGE = "report.html"
MOST_SHOWN, MOST_ALBUMS = 500, 50


@dataclass(frozen=True)
class Album:
    """An artwork that was handled, and how often."""

    name: str
    picture: str | None
    handlings: int
    people: int
    seconds: float
    median_s: float


class FootagePage:
    """report.html of a run, written at its end; see footage.run.Output."""

    def __init__(self, folder: Path, name: str) -> None:
        """Take the folder of the run, whose handlings are written there, and its footage's name."""
        self._folder = folder
        self._name = name
        self._seconds = 0.0

    def write(self, seen: Seen) -> None:
        """Note how long the footage is."""
        self._seconds = seen.frame.seconds

    def write_end(self, events: Sequence[Event]) -> None:
        """Do nothing: the page tells of handlings alone."""

    def close(self) -> None:
        """Write the page."""
        write_page(self._folder, self._name, self._seconds)


def write_page(folder: Path, name: str, seconds: float) -> None:
    """Write one self-contained page of the handlings that a run's folder tells.

    Args:
        seconds: How long the footage is.

    Raises:
        OSError: if the file cannot be written.
    """
    handled = sorted(read_named(folder), key=lambda one: one.handling.started_s)
    files = pictures(folder)
    shown = {
        number: picture_url(load(files[number]))
        for one in handled[:MOST_SHOWN]
        if (number := one.handling.handling_id) in files
    }
    lasting = sorted(one.handling.seconds for one in handled)
    page = render(
        "cratewatch.reports.footage",
        "footage.html.jinja",
        name=name,
        seconds=max(seconds, 0.001),
        handled=handled,
        shown=handled[:MOST_SHOWN],
        names={one.handling.handling_id: name_of(one) for one in handled},
        pictures=shown,
        people=_by_person(handled),
        albums=_albums(handled, shown),
        dwell=_dwell(lasting),
        known=sum(one.handling.known for one in handled),
        median_s=median(lasting) if lasting else 0.0,
    )
    (folder / PAGE).write_text(page, encoding="utf-8", errors="replace")


def name_of(one: NamedHandling) -> str:
    """Return what a handled sleeve is called."""
    if not one.handling.known:
        return "unknown"
    if not one.title:
        return Path(one.path_or_url).stem
    return f"{one.artist}: {one.title}" if one.artist else one.title


def _by_person(handled: Sequence[NamedHandling]) -> dict[int, list[NamedHandling]]:
    people: dict[int, list[NamedHandling]] = defaultdict(list)
    for one in handled:
        people[one.handling.track_id].append(one)
    return dict(sorted(people.items()))


def _albums(handled: Sequence[NamedHandling], pictures: dict[int, str]) -> list[Album]:
    """Return the albums that are known, those first that were handled most."""
    of: dict[str, list[NamedHandling]] = defaultdict(list)
    for one in handled:
        if one.handling.known and one.handling.artwork_id:
            of[one.handling.artwork_id].append(one)
    albums = [
        Album(
            name=name_of(ones[0]),
            picture=pictures.get(ones[0].handling.handling_id),
            handlings=len(ones),
            people=len({one.handling.track_id for one in ones}),
            seconds=sum(one.handling.seconds for one in ones),
            median_s=median(one.handling.seconds for one in ones),
        )
        for ones in of.values()
    ]
    albums.sort(key=lambda album: (-album.handlings, -album.seconds, album.name))
    return albums[:MOST_ALBUMS]


def _dwell(lasting: Sequence[float]) -> list[tuple[str, int]]:
    """Return how many handlings took how long."""
    edges = (0.0, 2.0, 5.0, 10.0, 20.0, 60.0, float("inf"))
    said = ("under 2 s", "2 to 5 s", "5 to 10 s", "10 to 20 s", "20 to 60 s", "over a minute")
    return [
        (word, sum(low <= seconds < high for seconds in lasting))
        for word, low, high in zip(said, edges[:-1], edges[1:], strict=True)
    ]
