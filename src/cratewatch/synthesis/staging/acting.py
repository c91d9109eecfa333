"""Samples scripts: people come, take records up, look at them from both sides, put them back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

import numpy as np

from cratewatch.synthesis.staging.script import (
    SLEEVE_OF_HEIGHT,
    Bin,
    Key,
    Passage,
    Role,
    Script,
    WallCover,
)

CHEST = 0.31
"""Where a record is held, from the top of the head, in heights."""
BIN_TOP, BIN_BOTTOM = 0.5, 0.74
HIDDEN = 0.62
"""Where a record in a bin has its middle: its upper edge is below the bin's."""
HIP = (0.14, 0.5)


@dataclass(frozen=True)
class StageConfig:
    """What scripts look like: shares are probabilities, ranges are sampled evenly.

    Attributes:
        sleeve_px: Side of a held sleeve.
        hold_s: How long a record is looked at.
        pause_s: Between two acts of one person.
        most_on_wall: Covers on the wall, at most.
        back_share: Of holds in which the back is looked at, too.
        idle_share: Of acts in which somebody only stands.
    """

    width_px: int = 640
    height_px: int = 480
    seconds: float = 30.0
    sleeve_px: tuple[float, float] = (60.0, 150.0)
    hold_s: tuple[float, float] = (2.5, 7.0)
    pause_s: tuple[float, float] = (1.5, 3.0)
    most_on_wall: int = 5
    bin_share: float = 0.6
    back_share: float = 0.3
    idle_share: float = 0.12


def sample_script(seed: int, figures: int, covers: int, config: StageConfig) -> Script:
    """Sample what happens; the same seed, numbers and config give the same script.

    Args:
        figures: How many figures there are to choose from.
        covers: How many covers; each is taken up once before one is taken up again.
    """
    rng = np.random.default_rng([seed, 7])
    order = rng.permutation(covers)
    chosen = (int(order[n % covers]) for n in count())
    roles, bins = _roles(rng, figures, config)
    return Script(
        width_px=config.width_px,
        height_px=config.height_px,
        seconds=config.seconds,
        roles=roles,
        passages=tuple(_Acting(rng, roles, bins, chosen, config).act()),
        wall=_wall(rng, chosen, config),
        bins=bins,
        seed=seed,
    )


def _roles(
    rng: np.random.Generator, figures: int, config: StageConfig
) -> tuple[tuple[Role, ...], tuple[Bin, ...]]:
    side = float(rng.uniform(*config.sleeve_px))
    most = int(np.clip(config.width_px / (0.5 * side / SLEEVE_OF_HEIGHT), 1, 3))
    people = int(rng.integers(1, most + 1))
    play = rng.permutation(max(figures, people)) % figures
    lane = config.width_px / people
    roles, bins = [], []
    for number in range(people):
        tall = round(side / SLEEVE_OF_HEIGHT * rng.uniform(0.92, 1.08))
        room = config.height_px - 0.78 * tall
        top = round(float(rng.uniform(0.03, 0.5)) * max(room, 0)) + 4
        x = lane * (number + 0.5 + float(rng.uniform(-0.12, 0.12)))
        roles.append(_role(rng, int(play[number]), (tall, top), x, config))
        if rng.random() < config.bin_share:
            half = 0.21 * tall
            edges = (x - half, top + BIN_TOP * tall, x + half, top + BIN_BOTTOM * tall)
            bins.append(Bin(edges))
    return tuple(roles), tuple(bins)


def _role(
    rng: np.random.Generator, figure: int, place: tuple[int, int], x: float, config: StageConfig
) -> Role:
    """Return a role that comes in from a side, stands at x and goes again."""
    tall, top = place
    beyond = 0.3 * tall
    comes = -beyond if x < config.width_px / 2 else config.width_px + beyond
    goes = comes if rng.random() < 0.5 else config.width_px - comes
    start = 0.0 if rng.random() < 0.35 else float(rng.uniform(0.2, 0.12 * config.seconds))
    speed = 0.6 * tall
    there = start + abs(comes - x) / speed
    leaves = config.seconds - abs(goes - x) / speed - float(rng.uniform(0.0, 0.5))
    if start == 0.0:
        return Role(figure, tall, top, (0.0, leaves, config.seconds), (x, x, goes))
    return Role(figure, tall, top, (start, there, leaves, config.seconds), (comes, x, x, goes))


@dataclass
class _Acting:
    """Fills the time of each role with acts."""

    rng: np.random.Generator
    roles: tuple[Role, ...]
    bins: tuple[Bin, ...]
    covers: Iterator[int]
    config: StageConfig
    free_s: list[float] = field(default_factory=list)

    def act(self) -> list[Passage]:
        """Return all passages."""
        arrived = [role.seconds[-3] if len(role.seconds) > 3 else 0.0 for role in self.roles]
        self.free_s = [at + float(self.rng.uniform(0.5, 1.5)) for at in arrived]
        acts: tuple[Callable[[int], list[Passage]], ...]
        acts = (self._one, self._two_after_each_other, self._two_at_once, self._pass_on)
        passages: list[Passage] = []
        while True:
            person = int(np.argmin(self.free_s))
            if self.free_s[person] + self.config.hold_s[0] + 1.5 > self._leaves(person):
                return passages
            if self.rng.random() < self.config.idle_share:
                self.free_s[person] += float(self.rng.uniform(2, 4))
                continue
            passages += acts[int(self.rng.choice(4, p=(0.5, 0.15, 0.15, 0.2)))](person)
            self.free_s[person] += float(self.rng.uniform(*self.config.pause_s))

    def _leaves(self, person: int) -> float:
        return self.roles[person].seconds[-2] - 0.3

    def _held_s(self, start: float, *people: int) -> float:
        """Return how long, so that who has it does not leave with it."""
        left = min(self._leaves(person) for person in people) - start - 1.4
        return min(float(self.rng.uniform(*self.config.hold_s)), left)

    def _one(self, person: int) -> list[Passage]:
        start = self.free_s[person]
        keys = self._hold(person, start, self._held_s(start, person), 0.0)
        self.free_s[person] = keys[-1].seconds
        return [Passage(next(self.covers), keys)]

    def _two_after_each_other(self, person: int) -> list[Passage]:
        first = self._one(person)
        self.free_s[person] += float(self.rng.uniform(0.6, 1.4))
        if self.free_s[person] + self.config.hold_s[0] + 1.5 > self._leaves(person):
            return first
        return [*first, *self._one(person)]

    def _two_at_once(self, person: int) -> list[Passage]:
        start = self.free_s[person]
        later = start + float(self.rng.uniform(0.3, 1.0))
        held = [
            self._hold(person, at, self._held_s(at, person), x)
            for at, x in ((start, -0.125), (later, 0.125))
        ]
        self.free_s[person] = max(keys[-1].seconds for keys in held)
        return [Passage(next(self.covers), keys) for keys in held]

    def _pass_on(self, person: int) -> list[Passage]:
        start = self.free_s[person]
        held = 2 * self._held_s(start, person)
        others = [
            n
            for n in (person - 1, person + 1)
            if 0 <= n < len(self.roles)
            and self.free_s[n] < start + held / 2
            and self._leaves(n) > start + held + 2.4
        ]
        if not others:
            return self._one(person)
        other = others[0]
        first = self._hold(person, start, held / 2, 0.0)[:-1]
        passed = first[-1].seconds + 0.9
        rest = self._hold(other, passed, held / 2, 0.0)[1:]
        self.free_s[person] = passed
        self.free_s[other] = rest[-1].seconds + float(self.rng.uniform(*self.config.pause_s))
        return [Passage(next(self.covers), (*first, *rest))]

    def _hold(self, person: int, start: float, held_s: float, x: float) -> tuple[Key, ...]:
        """Return the keys of taking a record up, looking at it and putting it back."""
        rng = self.rng
        up, down = 0.7, 0.6
        yaw, pitch, roll = rng.normal(0, (14, 8, 6))
        turned = (float(yaw), float(pitch), float(roll))
        y = CHEST + float(rng.uniform(-0.05, 0.06))
        taken, put = self._rest(person, start, x), self._rest(person, start + up + held_s + down, x)
        keys = [taken, Key(start + up, person, x, y, *turned)]
        middle = start + up + held_s / 2
        swing = 55.0 * float(rng.choice((-1, 1)))
        if held_s > 4 and rng.random() < self.config.back_share:
            keys.append(Key(middle - 0.5, person, x, y, *turned))
            keys.append(Key(middle + 0.4, person, x, y, turned[0] + 180, *turned[1:]))
            keys.append(Key(middle + 1.2, person, x, y, turned[0] + 180, *turned[1:]))
        elif rng.random() < 0.6:
            near = float(rng.uniform(-0.03, 0.03))
            keys.append(Key(middle, person, x + near, y + near, turned[0] + swing, *turned[1:]))
        last = Key(start + up + held_s, person, x, y, *turned)
        if keys[-1].yaw_deg > 120:
            last = Key(last.seconds, person, x, y, turned[0] + 360, *turned[1:])
        keys.append(last)
        around = 360.0 if last.yaw_deg > 240 else 0.0
        keys.append(Key(put.seconds, person, put.x, put.y, put.yaw_deg + around))
        return tuple(keys)

    def _rest(self, person: int, seconds: float, x: float) -> Key:
        """Return where records lie: in the bin before a person, or at his hip, edge on."""
        role = self.roles[person]
        stands = role.x_px[-2]
        if any(one.xyxy[0] < stands < one.xyxy[2] for one in self.bins):
            return Key(seconds, person, x, HIDDEN, 0.0, -20.0)
        side = -1.0 if x < 0 else 1.0
        return Key(seconds, person, side * HIP[0], HIP[1], 88.0)


def _wall(
    rng: np.random.Generator, covers: Iterator[int], config: StageConfig
) -> tuple[WallCover, ...]:
    """Return covers on the wall, in a row."""
    hung = int(rng.integers(0, config.most_on_wall + 1))
    side = float(rng.uniform(45, 95))
    y = float(rng.uniform(0.1, 0.45)) * config.height_px
    start = float(rng.uniform(0.05, 0.4)) * config.width_px
    turn = rng.normal(0, (6, 4, 2))
    turned = (float(turn[0]), float(turn[1]), float(turn[2]))
    step = side * float(rng.uniform(1.1, 1.8))
    places = [start + n * step for n in range(hung)]
    return tuple(
        WallCover(next(covers), x, y, side, turned)
        for x in places
        if x < config.width_px - side / 2
    )
