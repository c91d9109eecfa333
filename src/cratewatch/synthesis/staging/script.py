"""What happens in staged footage: who stands where, and which sleeve goes through whose hands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

SLEEVE_OF_HEIGHT = 0.185
"""Side of a sleeve for each height of who holds it: 31 cm of 168."""


@dataclass(frozen=True)
class Role:
    """A person's way through the picture.

    Attributes:
        figure: Number of the figure that plays it.
        height_px: From head to feet.
        top_px: Row of the head's top; the feet may be below the picture.
        seconds: When he is where; before the first and after the last he is not seen.
        x_px: The column of his middle at these seconds.
    """

    figure: int
    height_px: int
    top_px: int
    seconds: tuple[float, ...]
    x_px: tuple[float, ...]

    def x_at(self, seconds: float) -> float | None:
        """Return the column of his middle, None while he is away."""
        if not self.seconds[0] <= seconds <= self.seconds[-1]:
            return None
        return float(np.interp(seconds, self.seconds, self.x_px))


@dataclass(frozen=True)
class Key:
    """Where a sleeve is at a moment.

    Attributes:
        person: Number of the role in whose hands it is.
        x: From the person's middle, in his heights.
        y: From the top of his head, in his heights.
        yaw_deg: From 90 to 270 the back is seen.
    """

    seconds: float
    person: int
    x: float
    y: float
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0


@dataclass(frozen=True)
class Passage:
    """A sleeve's way from where it was taken to where it is put, through one hand or more."""

    cover: int
    keys: tuple[Key, ...]

    @property
    def spans(self) -> list[tuple[int, float, float]]:
        """Person, start and end in seconds, of each who has it; it is passed on half way."""
        spans = [(self.keys[0].person, self.keys[0].seconds, self.keys[-1].seconds)]
        for key, after in pairwise(self.keys):
            if after.person != key.person:
                passed = (key.seconds + after.seconds) / 2
                person, start, end = spans[-1]
                spans[-1:] = [(person, start, passed), (after.person, passed, end)]
        return spans

    def holder_at(self, seconds: float) -> int:
        """Return the number of the person who has it at a moment of its passage."""
        return next((person for person, _, end in self.spans if seconds < end), self.spans[-1][0])


@dataclass(frozen=True)
class WallCover:
    """A cover that hangs all the time."""

    cover: int
    x_px: float
    y_px: float
    side_px: float
    turn_deg: tuple[float, float, float]


@dataclass(frozen=True)
class Bin:
    """A crate of records that somebody stands behind, as x0, y0, x1, y1 of its front."""

    xyxy: tuple[float, float, float, float]


@dataclass(frozen=True)
class Script:
    """All of it.

    Attributes:
        roles: From the hindmost to the foremost.
        seed: Of what trembles.
    """

    width_px: int
    height_px: int
    seconds: float
    roles: tuple[Role, ...]
    passages: tuple[Passage, ...]
    wall: tuple[WallCover, ...]
    bins: tuple[Bin, ...]
    seed: int


@dataclass(frozen=True)
class Pose:
    """A sleeve as it is held: its middle and side in pixels, and how it is turned."""

    middle: npt.NDArray[np.float64]
    side_px: float
    turn_deg: tuple[float, float, float]


def pose_at(passage: Passage, roles: Sequence[Role], seconds: float, seed: int) -> Pose | None:
    """Return how a sleeve is held at a moment; None before and after its passage."""
    keys = passage.keys
    if not keys[0].seconds <= seconds <= keys[-1].seconds:
        return None
    after = next(n for n, key in enumerate(keys) if key.seconds >= seconds)
    key, next_ = keys[max(0, after - 1)], keys[after]
    way = (seconds - key.seconds) / max(next_.seconds - key.seconds, 1e-6)
    share = float((1 - np.cos(np.pi * np.clip(way, 0, 1))) / 2)
    start, end = _resolved(key, roles, seconds), _resolved(next_, roles, seconds)
    x, y, side, yaw, pitch, roll = start + share * (end - start)
    tremble = _tremble(seconds, seed + 17 * passage.cover)
    middle = np.array([x, y]) + tremble[:2] * side
    turn = (yaw + 60 * tremble[2], pitch + 60 * tremble[3], roll + 40 * tremble[4])
    return Pose(middle, side, turn)


def _resolved(key: Key, roles: Sequence[Role], seconds: float) -> npt.NDArray[np.float64]:
    """Return middle and side in pixels, then the turns."""
    role = roles[key.person]
    x = role.x_at(min(max(seconds, role.seconds[0]), role.seconds[-1])) or 0.0
    tall = role.height_px
    at = (x + key.x * tall, role.top_px + key.y * tall, SLEEVE_OF_HEIGHT * tall)
    return np.array([*at, key.yaw_deg, key.pitch_deg, key.roll_deg])


def _tremble(seconds: float, seed: int) -> npt.NDArray[np.float64]:
    """Return five slow movements about 0, of about 0.03: what hands do by themselves."""
    rng = np.random.default_rng(seed)
    rates, phases = rng.uniform(0.15, 0.9, (5, 3)), rng.uniform(0, 2 * np.pi, (5, 3))
    waves = np.sin(2 * np.pi * rates * seconds + phases)
    return np.asarray((waves * (0.025, 0.015, 0.01)).sum(axis=1))
