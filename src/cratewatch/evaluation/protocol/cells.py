"""A cell of the grid: queries of one severity and one sleeve size."""

from __future__ import annotations

from dataclasses import dataclass

from cratewatch.errors import CratewatchError

SEVERITIES = (0.0, 0.5, 1.0, 1.5, 2.0)
SLEEVES_PX = (160, 128, 96, 64, 48, 32)
WHOLE_GRID = "grid"
LEAST_PX, MOST_PX = 16, 240
"""A query's sleeve is drawn at 240 px: larger ones would show no more."""


@dataclass(frozen=True, order=True)
class Cell:
    """A severity of 0 to 2 and the side of a sleeve; told as SEVERITY:SLEEVE_PX."""

    severity: float
    sleeve_px: int

    def __str__(self) -> str:
        return f"{self.severity:g}:{self.sleeve_px}"


TABLE_CELLS = (Cell(1.0, 128), Cell(1.0, 64), Cell(2.0, 96))
GRID = tuple(Cell(severity, px) for severity in SEVERITIES for px in SLEEVES_PX)


def parse_cells(text: str) -> tuple[Cell, ...]:
    """Read "1:128,2:96", severities and sizes of the sleeve in px, or "grid" for all of them.

    Raises:
        CratewatchError: if it is neither, or a value is out of range.
    """
    if text == WHOLE_GRID:
        return GRID
    return tuple(dict.fromkeys(_parse(part) for part in text.split(",")))


def _parse(text: str) -> Cell:
    severity, _, sleeve_px = text.partition(":")
    try:
        cell = Cell(float(severity), int(sleeve_px))
    except ValueError as error:
        raise CratewatchError(
            f"--cells: {text!r} is no SEVERITY:SLEEVE_PX such as 1:128; separate several by "
            f"commas, or give {WHOLE_GRID} for all {len(GRID)}"
        ) from error
    if not 0 <= cell.severity <= 2 or not LEAST_PX <= cell.sleeve_px <= MOST_PX:
        raise CratewatchError(
            f"--cells: {text!r}: a severity is 0 to 2, a sleeve {LEAST_PX} to {MOST_PX} px"
        )
    return cell
