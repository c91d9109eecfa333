"""Recall over severity and over sleeve size, as lines of an SVG with bands for their intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cratewatch.evaluation.grid import Row

WIDTH, HEIGHT = 460, 300
LEFT, RIGHT, TOP, BOTTOM = 44, 96, 14, 40
"""Margins, with room for the lines' names on the right."""
NAME_PX = 14
COLOURS = ("#2166ac", "#3f9bc4", "#35a37a", "#b8991a", "#e07b2a", "#c03a3a")
"""From the easiest line to the hardest."""

Measure = Literal["recall_at_1", "recall_at_5"]


@dataclass(frozen=True)
class Tick:
    """A label at an axis, and where it stands in px."""

    at: float
    label: str


@dataclass(frozen=True)
class Line:
    """A polyline and its band, as SVG has them; the name stands at its right end."""

    name: str
    colour: str
    points: str
    band: str
    dots: tuple[tuple[float, float, str], ...]
    name_at: float


@dataclass(frozen=True)
class Chart:
    """One diagram; its lines stand in the order of their names, from top to bottom."""

    title: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]


def draw_charts(rows: Sequence[Row], measure: Measure) -> list[Chart]:
    """Return the charts for which the rows have at least two places on their axis."""
    name = measure.replace("_at_", "@")
    charts = []
    if len({row.severity for row in rows}) > 1:
        charts.append(
            _draw(rows, measure, f"{name} over severity", _Axis(_severity, _size, "{} px"))
        )
    if len({row.sleeve_px for row in rows}) > 1:
        charts.append(
            _draw(
                rows,
                measure,
                f"{name} over px of the sleeve",
                _Axis(_size, _severity, "severity {}"),
            )
        )
    return charts


@dataclass(frozen=True)
class _Place:
    """Where a row stands on an axis or among the lines, the easiest first."""

    at: float
    label: str


@dataclass(frozen=True)
class _Axis:
    """What runs along x, and what each line holds fixed."""

    x: Callable[[Row], _Place]
    line: Callable[[Row], _Place]
    line_name: str


def _severity(row: Row) -> _Place:
    return _Place(row.severity, f"{row.severity:g}")


def _size(row: Row) -> _Place:
    """Place small sleeves to the right, each half as large as far from the last."""
    return _Place(-float(np.log2(row.sleeve_px)), str(row.sleeve_px))


def _draw(rows: Sequence[Row], measure: Measure, title: str, axis: _Axis) -> Chart:
    places = sorted({(axis.x(row).at, axis.x(row).label) for row in rows})
    low, high = places[0][0], places[-1][0]

    def x(at: float) -> float:
        return round(LEFT + (at - low) / (high - low) * (WIDTH - LEFT - RIGHT), 1)

    names = sorted({(axis.line(row).at, axis.line(row).label) for row in rows})
    lines = []
    for number, (_, label) in enumerate(names):
        own = sorted(
            (row for row in rows if axis.line(row).label == label), key=lambda row: axis.x(row).at
        )
        colour = COLOURS[round(number * (len(COLOURS) - 1) / max(1, len(names) - 1))]
        name = axis.line_name.format(label)
        lines.append(_line(name, colour, [(x(axis.x(row).at), row) for row in own], measure))
    return Chart(
        title=title,
        x_ticks=tuple(Tick(x(at), label) for at, label in places),
        y_ticks=tuple(Tick(_y(share), f"{share:.0%}") for share in (0, 0.25, 0.5, 0.75, 1)),
        lines=_apart(lines),
    )


def _y(share: float) -> float:
    return round(TOP + (1 - share) * (HEIGHT - TOP - BOTTOM), 1)


def _line(name: str, colour: str, own: Sequence[tuple[float, Row]], measure: Measure) -> Line:
    shares = [(x, getattr(row, measure)) for x, row in own]
    band = [(x, _y(share.high)) for x, share in shares]
    band += [(x, _y(share.low)) for x, share in reversed(shares)]
    dots = tuple(
        (x, _y(s.value), f"{name}: {s.value:.1%} ({s.low:.1%} to {s.high:.1%})") for x, s in shares
    )
    points = " ".join(f"{x},{y}" for x, y, _ in dots)
    return Line(name, colour, points, " ".join(f"{x},{y}" for x, y in band), dots, dots[-1][1])


def _apart(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Move names that would lie over each other apart, downwards first."""
    ordered = sorted(lines, key=lambda line: line.name_at)
    least = [line.name_at for line in ordered]
    for n in range(1, len(least)):
        least[n] = max(least[n], least[n - 1] + NAME_PX)
    over = max(0.0, least[-1] - (HEIGHT - BOTTOM))
    for n in range(len(least) - 1, -1, -1):
        ceiling = HEIGHT - BOTTOM - (len(least) - 1 - n) * NAME_PX if over else HEIGHT
        least[n] = min(least[n], ceiling)
    return tuple(
        Line(n.name, n.colour, n.points, n.band, n.dots, at)
        for n, at in zip(ordered, least, strict=True)
    )
