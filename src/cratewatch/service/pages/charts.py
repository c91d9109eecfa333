"""Prices over time, drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 14, 30
TICKS = 4


@dataclass(frozen=True)
class Point:
    """A price at a time; kind is sold or asking."""

    at: datetime
    value: float
    kind: str
    said: str


@dataclass(frozen=True)
class Dot:
    """A point where it is drawn."""

    x: float
    y: float
    point: Point


@dataclass(frozen=True)
class Chart:
    """What a template draws: in a box of WIDTH by HEIGHT."""

    dots: tuple[Dot, ...]
    rows: tuple[tuple[float, str], ...]
    columns: tuple[tuple[float, str], ...]
    line: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def chart(points: Sequence[Point]) -> Chart | None:
    """Return prices as they are drawn; None of none."""
    if not points:
        return None
    ordered = sorted(points, key=lambda point: point.at)
    first, last = ordered[0].at, ordered[-1].at
    if last - first < timedelta(days=2):
        first, last = first - timedelta(days=1), last + timedelta(days=1)
    ticks = _ticks(max(point.value for point in ordered))
    high = ticks[-1]

    def x(at: datetime) -> float:
        share = (at - first) / (last - first)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - value / high * (HEIGHT - TOP - BOTTOM), 1)

    dots = tuple(Dot(x(point.at), y(point.value), point) for point in ordered)
    asked = [dot for dot in dots if dot.point.kind == "asking"]
    days = [first + (last - first) * n / 3 for n in range(4)]
    return Chart(
        dots,
        tuple((y(tick), f"{tick:g}") for tick in ticks),
        tuple((x(day), f"{day:%d %b %y}") for day in days),
        _steps(asked),
    )


def _ticks(most: float) -> list[float]:
    """Return round numbers from 0 to what holds the most."""
    step = 10 ** math.floor(math.log10(most / TICKS or 1))
    step *= next(n for n in (1, 2, 2.5, 5, 10) if n * step * TICKS >= most)
    return [step * n for n in range(TICKS + 1)]


def _steps(dots: Sequence[Dot]) -> str:
    """Return the path of what was asked: a price holds until the next one."""
    if len(dots) < 2:
        return ""
    steps = "".join(f"H{dot.x}V{dot.y}" for dot in dots[1:])
    return f"M{dots[0].x} {dots[0].y}{steps}"
