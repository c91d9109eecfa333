"""Looks for sleeves in a frame: about the persons, or in all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cratewatch.finding.finder import Finder, FoundSleeve
from cratewatch.finding.looking import MULTIPLE, Halvings
from cratewatch.finding.quads import area_of, overlap_of
from cratewatch.footage.frames import Frame
from cratewatch.footage.persons import Box, TrackedPerson

LEAN_PROPOSE, LEAN_MOST, LEAN_LOOKS = 0.3, 12, 2
"""Of a finder that looks at the same things again and again: it need not find all at once."""
LEAST_PX = 64
"""Side of a person's region below which no sleeve in it could be named."""
SAME = 0.6
"""Share of the smaller of two quads within the larger one from which they are one sleeve."""


@dataclass(frozen=True)
class Looking:
    """How sleeves are looked for.

    Attributes:
        every_s: Seconds between looks about the persons.
        whole_s: Seconds between looks at the whole frame, for what hangs and lies there.
        least: Score from which something may be a sleeve, if it is seen again.
        whole_share: Share of the frame that regions cover from which the whole is looked at.
    """

    every_s: float = 0.3
    whole_s: float = 3.0
    least: float = 0.35
    whole_share: float = 0.6


def lean(finder: Finder) -> Finder:
    """Return a finder that spends less on each picture."""
    config = replace(finder.config, propose=LEAN_PROPOSE, most=LEAN_MOST, looks=LEAN_LOOKS)
    return replace(finder, config=config)


class SleeveLooks:
    """Looks at frames when it is time to."""

    def __init__(self, finder: Finder, config: Looking) -> None:
        """Take a finder as it is; see lean()."""
        self._finder = finder
        self._config = config
        self._last_s = self._last_whole_s = float("-inf")

    def is_due(self, seconds: float) -> bool:
        """Whether a frame of this time is to be looked at."""
        return seconds - self._last_s >= self._config.every_s - 1e-6

    def look(self, frame: Frame, persons: Sequence[TrackedPerson]) -> list[FoundSleeve]:
        """Return what may be sleeves, in pixels of the frame."""
        self._last_s = frame.seconds
        regions = self._regions(frame, persons)
        pictures = [Halvings.of(np.ascontiguousarray(frame.pixels[rows])) for rows in regions]
        found = self._finder.find_in(pictures, self._config.least) if pictures else []
        moved = [
            FoundSleeve(one.quad + np.array([columns.start, rows.start]), one.score)
            for (rows, columns), of_one in zip(regions, found, strict=True)
            for one in of_one
        ]
        return _once(moved)

    def _regions(self, frame: Frame, persons: Sequence[TrackedPerson]) -> list[tuple[slice, slice]]:
        """Return rows and columns of each part to look at."""
        tall, wide = frame.pixels.shape[:2]
        whole = [(slice(0, tall), slice(0, wide))]
        parts = [part for one in persons if (part := _about(one.box_xyxy, wide, tall))]
        area = sum(_area(part) for part in parts)
        is_time = frame.seconds - self._last_whole_s >= self._config.whole_s
        if is_time or area > self._config.whole_share * wide * tall:
            self._last_whole_s = frame.seconds
            return whole
        return parts


def reach_of(box: Box) -> Box:
    """Return where the sleeves are that a person may hold: the upper body and what is beside it."""
    x1, y1, x2, y2 = box
    wide, tall = x2 - x1, y2 - y1
    beside = 0.3 * max(wide, 0.3 * tall)
    # Of whom a counter hides the legs, all of the box is upper body.
    down = min(max(0.75 * tall, 1.3 * wide), 2.6 * wide, tall)
    return x1 - beside, y1, x2 + beside, y1 + down


def _about(box: Box, wide: int, tall: int) -> tuple[slice, slice] | None:
    x1, y1, x2, y2 = reach_of(box)
    left, top = max(0, int(x1)), max(0, int(y1))
    right, bottom = _reaching(left, x2, wide), _reaching(top, y2, tall)
    if min(right - left, bottom - top) < LEAST_PX:
        return None
    return slice(top, bottom), slice(left, right)


def _reaching(start: int, end: float, most: int) -> int:
    """Return an end that makes a length of whole MULTIPLEs, so that regions come in batches."""
    steps = -(-(int(end) - start) // (4 * MULTIPLE))
    return min(most, start + max(1, steps) * 4 * MULTIPLE)


def _area(part: tuple[slice, slice]) -> int:
    rows, columns = part
    return int((rows.stop - rows.start) * (columns.stop - columns.start))


def _once(found: Sequence[FoundSleeve]) -> list[FoundSleeve]:
    """Return each sleeve once, as the surest quad: one about a sleeve and a chest is no other."""
    kept: list[FoundSleeve] = []
    for one in sorted(found, key=lambda one: -one.score):
        area = area_of(one.quad)
        if all(
            overlap_of(one.quad, other.quad) < SAME * min(area, area_of(other.quad))
            for other in kept
        ):
            kept.append(one)
    return kept
