"""What happens in a recording, drawn along its time and told in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cratewatch.footage.events import EventKind
from cratewatch.footage.handlings import Handling
from cratewatch.service.recordings import HandledThen

WIDTH, LANE, BAR = 1000.0, 14, 10
MOST_LANES = 12
APART_S = 2.0
"""Between two persons in one lane."""


@dataclass(frozen=True)
class Stay:
    """A person, from when he comes into sight to when he was seen last."""

    person: int
    started_s: float
    ended_s: float


@dataclass(frozen=True)
class Bar:
    """A span of time where it is drawn; held is a handling."""

    x: float
    y: int
    width: float
    height: int
    kind: str
    started_s: float


@dataclass(frozen=True)
class Board:
    """Lanes of persons, and what each held, in a box of WIDTH by height."""

    bars: tuple[Bar, ...]
    height: int
    width: float = WIDTH


@dataclass(frozen=True)
class Moment:
    """Something that can be jumped to; one that no handling is has only words."""

    at_s: float
    said: str
    handled: HandledThen | None = None


def stays_of(events: Sequence[Mapping[str, Any]], seconds: float) -> list[Stay]:
    """Return who is in sight when, by time, as events of a recording tell it."""
    came: dict[int, float] = {}
    stays: list[Stay] = []
    for event in events:
        person, at = int(event["track_id"]), float(event["t"])
        if event["event"] == EventKind.TRACK_STARTED:
            came.setdefault(person, at)
        elif event["event"] == EventKind.TRACK_ENDED and person in came:
            stays.append(Stay(person, came.pop(person), float(event.get("last_seen_s", at))))
    stays += [Stay(person, at, seconds) for person, at in came.items()]
    return sorted(stays, key=lambda stay: (stay.started_s, stay.person))


def board(seconds: float, stays: Sequence[Stay], handlings: Sequence[Handling]) -> Board:
    """Return a recording's time as it is drawn: persons in lanes, what they held upon them."""
    lanes = _lanes(stays)
    scale = WIDTH / max(seconds, 0.001)

    def bar(lane: int, kind: str, started_s: float, ended_s: float) -> Bar:
        height = BAR if kind != "stay" else 4
        y = lane * LANE + (LANE - height) // 2
        width = max((ended_s - started_s) * scale, 4.0)
        return Bar(round(started_s * scale, 1), y, round(width, 1), height, kind, started_s)

    drawn = [bar(lanes[one.person], "stay", one.started_s, one.ended_s) for one in stays]
    for one in handlings:
        kind = "known" if one.known else "held"
        drawn.append(bar(lanes.get(one.track_id, 0), kind, one.started_s, one.ended_s))
    return Board(tuple(drawn), LANE * (1 + max(lanes.values(), default=0)))


def _lanes(stays: Sequence[Stay]) -> dict[int, int]:
    """Return each person's lane: the first that is free when he comes, or the last one."""
    free_s: list[float] = []
    lanes: dict[int, int] = {}
    for stay in stays:
        found = next((n for n, at in enumerate(free_s) if at + APART_S <= stay.started_s), None)
        if found is None and len(free_s) < MOST_LANES:
            free_s.append(0.0)
        lane = len(free_s) - 1 if found is None else found
        free_s[lane] = max(free_s[lane], stay.ended_s)
        lanes[stay.person] = lane
    return lanes


def moments(handled: Sequence[HandledThen], stays: Sequence[Stay]) -> list[Moment]:
    """Return what can be jumped to, by time."""
    told = [Moment(one.handling.started_s, one.title, one) for one in handled]
    told += [Moment(one.started_s, f"Person {one.person} comes into sight") for one in stays]
    return sorted(told, key=lambda moment: (moment.at_s, moment.handled is not None))
