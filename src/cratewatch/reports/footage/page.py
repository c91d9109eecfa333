"""Writes the page of a run: a timeline, what was handled, and for how long. It shows no person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from cratewatch.footage.events import Event
from cratewatch.footage.handled import Handled
from cratewatch.footage.run import Seen
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

    def __init__(self, folder: Path, name: str, handled: Callable[[], Sequence[Handled]]) -> None:
        """Take the folder of the run, the name of the footage, and what tells the handlings."""
        self._path = folder / PAGE
        self._name = name
        self._handled = handled
        self._seconds = 0.0
        self._people: set[int] = set()

    def write(self, seen: Seen) -> None:
        """Note how long the footage is, and who is in it."""
        self._seconds = seen.frame.seconds
        self._people.update(person.track_id for person in seen.persons)

    def write_end(self, events: Sequence[Event]) -> None:
        """Do nothing: the page tells of handlings alone."""

    def close(self) -> None:
        """Write the page."""
        write_page(self._path, self._name, self._handled(), self._seconds)


def write_page(path: Path, name: str, handled: Sequence[Handled], seconds: float) -> None:
    """Write one self-contained page.

    Args:
        seconds: How long the footage is.

    Raises:
        OSError: if the file cannot be written.
    """
    pictures = {
        one.handling.handling_id: picture_url(one.view.upright.image)
        for one in handled[:MOST_SHOWN]
        if one.view is not None
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
        pictures=pictures,
        people=_by_person(handled),
        albums=_albums(handled, pictures),
        dwell=_dwell(lasting),
        known=sum(one.handling.known for one in handled),
        median_s=median(lasting) if lasting else 0.0,
    )
    path.write_text(page, encoding="utf-8", errors="replace")


def name_of(one: Handled) -> str:
    """Return what a handled sleeve is called."""
    match = one.identity.match
    if match is None or not one.handling.known:
        return "unknown"
    if not match.releases:
        return Path(match.path_or_url).stem
    first = match.releases[0]
    return f"{first.artist}: {first.title}" if first.artist else first.title


def _by_person(handled: Sequence[Handled]) -> dict[int, list[Handled]]:
    people: dict[int, list[Handled]] = defaultdict(list)
    for one in handled:
        people[one.handling.track_id].append(one)
    return dict(sorted(people.items()))


def _albums(handled: Sequence[Handled], pictures: dict[int, str]) -> list[Album]:
    """Return the albums that are known, those first that were handled most."""
    of: dict[str, list[Handled]] = defaultdict(list)
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
