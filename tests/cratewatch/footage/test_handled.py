"""Handlings of a camera that never ends: told as soon as they are over, and forgotten then."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cratewatch.finding.cutting import Upright
from cratewatch.finding.finder import FoundSleeve
from cratewatch.finding.loading import load_finder
from cratewatch.footage.frames import Frame
from cratewatch.footage.handled import Handled
from cratewatch.footage.handled_files import HandledFiles
from cratewatch.footage.handlings import Handling
from cratewatch.footage.holding import MOST_SIGHTINGS, Span
from cratewatch.footage.persons import TrackedPerson
from cratewatch.footage.run_folder import pictures, read_handlings
from cratewatch.footage.sleeve_looks import SleeveLooks
from cratewatch.footage.sleeves import SleeveWatch
from cratewatch.retrieval.answers import SleeveAnswer
from cratewatch.retrieval.matches import Match
from tests.cratewatch.footage.test_sleeves import (
    FPS,
    LEFT,
    RIGHT,
    Play,
    Sure,
    Where,
    face,
    hung,
    lifted,
)
from tests.disks import small_disk

pytestmark = pytest.mark.heavy

VISIT_S = 20.0


class Visits(Play):
    """Two new persons every twenty seconds, who do the same as those before."""

    def persons(self) -> list[TrackedPerson]:
        visit = int(self._seconds // VISIT_S)
        return [replace(one, track_id=2 * visit + one.track_id) for one in super().persons()]


def again(where: Where) -> Where:
    return lambda seconds: where(seconds % VISIT_S)


def passed_on(seconds: float) -> tuple[float, float] | None:
    held = lifted(3, 14)(seconds)
    return held and (held[0] + 260 * min(1.0, max(0.0, seconds - 7)), held[1])


def hidden(seconds: float) -> tuple[float, float] | None:
    return None if 6 < seconds < 8.2 else lifted(1, 13, 350.0)(seconds)


class ByColour(Sure):
    """Knows two sleeves by their colour, and no other."""

    def name(self, found: list[Upright], top: int) -> list[SleeveAnswer]:
        answers = super().name(found, top)
        return [
            replace(a, matches=(self._match_of(f),)) for a, f in zip(answers, found, strict=True)
        ]

    def _match_of(self, found: Upright) -> Match:
        seen = np.asarray(found.image).mean(axis=(0, 1))
        away = [float(np.linalg.norm(seen - face(seed).mean(axis=(0, 1)))) for seed in range(3)]
        return self._match("abc"[int(np.argmin(away))], (0.8, 0.8, 0.2)[int(np.argmin(away))])


@dataclass
class Told:
    """A handling, and when it was told."""

    at_s: float
    one: Handled


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[Visits, SleeveWatch]]:
    """Begin a play of which the detector sees what is told."""

    def begin() -> tuple[Visits, SleeveWatch]:
        sleeves = [again(passed_on), again(hidden), again(lifted(2, 5, 65)), hung(200, 45)]
        visits = Visits(*sleeves, boxes={1: LEFT, 2: RIGHT})

        def look(looks: SleeveLooks, frame: Frame, _persons: object) -> list[FoundSleeve]:
            looks._last_s = frame.seconds
            return visits.found(frame)

        monkeypatch.setattr(SleeveLooks, "look", look)
        namer: Any = ByColour(0.8)
        return visits, SleeveWatch(load_finder(), namer)

    return begin


def looks(visits: Visits, seconds: float) -> Iterator[Frame]:
    """Yield the frames in which it is looked for sleeves."""
    return (visits.frame(number) for number in range(0, round(seconds * FPS), 3))


def in_order(handled: list[Handled]) -> list[Handling]:
    told = [replace(one.handling, handling_id=0) for one in handled]
    return sorted(told, key=lambda one: (one.started_s, one.track_id, one.ended_s))


def test_what_is_told_step_by_step_is_what_is_told_in_the_end(play: Callable) -> None:
    visits, watch = play()
    told: list[Told] = []
    for frame in looks(visits, 4 * VISIT_S):
        watch.see(frame, visits.persons())
        told += (Told(frame.seconds, one) for one in watch.handled())
    soon = len(told)
    watch.end()
    told += (Told(float("inf"), one) for one in watch.handled())
    assert watch.handled() == []

    visits, at_once = play()
    for frame in looks(visits, 4 * VISIT_S):
        at_once.see(frame, visits.persons())
    at_once.end()
    assert in_order([one.one for one in told]) == in_order(at_once.handled())
    assert [one.one.handling.handling_id for one in told] == list(range(1, len(told) + 1))
    assert len(told) >= 12
    assert soon >= len(told) - 4
    assert all(one.at_s - one.one.handling.ended_s < 15 for one in told[:soon])


def held(thing: object, seen: set[int]) -> int:
    """Return how many values a thing holds, and those that it holds do."""
    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    if isinstance(thing, dict):
        return sum(1 + held(value, seen) for value in thing.values())
    if isinstance(thing, list | tuple | set | deque):
        return sum(1 + held(value, seen) for value in thing)
    inside = type(thing).__module__.startswith("cratewatch.footage")
    return held(vars(thing), seen) if inside and hasattr(thing, "__dict__") else 0


@pytest.mark.slow
def test_who_watches_for_long_remembers_no_more_than_who_watches_shortly(play: Callable) -> None:
    visits, watch = play()
    held_after: list[int] = []
    n_told = 0
    for frame in looks(visits, 12 * VISIT_S):
        watch.see(frame, visits.persons())
        n_told += len(watch.handled())
        if frame.seconds // VISIT_S > len(held_after):
            held_after.append(held(vars(watch), set()))
    assert n_told >= 30
    assert held_after[0] > 100
    # What hangs there is remembered for a minute.
    assert max(held_after[6:]) <= held_after[5] * 1.02


def test_what_somebody_has_all_day_is_not_remembered_all_day(play: Callable) -> None:
    visits, watch = play()
    frame = next(looks(visits, 1))
    watch.see(frame, visits.persons())
    (sleeve, *_) = watch._tracks.live
    span = Span(1, sleeve, [sleeve.last])
    for number in range(2 * MOST_SIGHTINGS):
        span.add(replace(sleeve.last, frame=number, seconds=number / 3))
    assert len(span.sightings) == MOST_SIGHTINGS
    assert len(span.sightings) + span.forgotten == 2 * MOST_SIGHTINGS + 1
    assert (span.started_s, span.ended_s) == (0.0, (2 * MOST_SIGHTINGS - 1) / 3)


def test_what_is_over_is_written_while_the_camera_goes_on(play: Callable, tmp_path: Path) -> None:
    visits, watch = play()
    files = HandledFiles(tmp_path, watch.handled)
    for frame in looks(visits, 2 * VISIT_S):
        watch.see(frame, visits.persons())
        files.write(None)  # type: ignore[arg-type]  # it takes no note of the frame
    written = read_handlings(tmp_path)  # as after a kill: nothing is closed
    files.close()
    assert len(written) >= 3
    assert {one.handling_id for one in written} == set(pictures(tmp_path))
    assert max(one.ended_s for one in written) > VISIT_S


def test_a_full_disk_leaves_whole_lines(play: Callable, tmp_path: Path) -> None:
    visits, watch = play()
    for frame in looks(visits, VISIT_S):
        watch.see(frame, visits.persons())
    watch.end()
    (one, *_) = watch.handled()
    with small_disk(tmp_path / "small", 64):
        files = HandledFiles(tmp_path / "small", lambda: [replace(one, view=None)])
        lines = 0

        def fill() -> None:
            nonlocal lines
            for lines in range(10_000):  # noqa: B007  how far it came
                files.write_end([])

        with pytest.raises(OSError, match="No space left"):
            fill()
        files.close()
        text = (tmp_path / "small" / "handled.csv").read_text()
    assert lines > 10
    assert text.endswith("\n")
    assert len({line.count(",") for line in text.splitlines()}) == 1
