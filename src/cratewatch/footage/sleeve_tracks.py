"""Follows quads from look to look: which of them are one sleeve."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from statistics import median

import cv2
import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from cratewatch.finding.finder import FoundSleeve
from cratewatch.finding.quads import Quad, Rgb, area_of, iou, overlap_of, rectify, side_of
from cratewatch.footage.persons import Box

LOOK_PX = 12
SURE = 0.5
"""Score from which a quad is a sleeve: a chest is now and then taken for one, and doubtfully."""
Look = npt.NDArray[np.float32]
"""(LOOK_PX, LOOK_PX, 3), of mean 0 and length 1: what a sleeve looks like at a glance."""


@dataclass(frozen=True)
class Tracking:
    """How quads become tracks.

    Attributes:
        gone_s: Seconds unseen after which a sleeve is gone.
        reach: How far its middle moves from one look to the next, in its sides.
        resize: By which factor its side changes,
        doubtful_resize: and if it is doubtful that it is one: a chest behind hands is larger.
        turn_s: Seconds unseen within which it may look different: it was turned over.
        alike: Likeness from which it looks the same, after a longer time or if it is doubtful.
        far: Cost of a pair from which on the two are different sleeves.
    """

    gone_s: float = 1.5
    reach: float = 1.3
    resize: float = 1.9
    doubtful_resize: float = 1.45
    turn_s: float = 0.7
    alike: float = 0.3
    far: float = 1.7


@dataclass(frozen=True)
class Sighting:
    """A sleeve in a frame.

    Attributes:
        person: Track id of who has it within his reach, None if nobody has.
        on_body: Share of it that lies before that person's body.
        since_s: When that person was seen first.
    """

    frame: int
    seconds: float
    quad: Quad
    score: float
    look: Look
    person: int | None
    on_body: float
    since_s: float = 0.0


@dataclass
class SleeveTrack:
    """One sleeve.

    Attributes:
        sightings: The first, and the latest: what hangs there all day is not remembered all day.
        rest: Where it was seen first; a sleeve on a wall never leaves it.
        hung: Whether a sleeve that looked the same hung there before.
        rested_s: When it was last seen there without having left.
        moved_s: When it was first seen elsewhere, None as long as it was not.
        was_alone: Whether it was ever seen with nobody about it.
    """

    number: int
    sightings: list[Sighting] = field(default_factory=list)
    hung: bool = False
    rested_s: float = 0.0
    moved_s: float | None = None
    was_alone: bool = False
    _away: int = 0

    @property
    def last(self) -> Sighting:
        """The latest."""
        return self.sightings[-1]

    @property
    def holder(self) -> int | None:
        """Who had it within his reach when it was seen last; None if nobody, or it is new."""
        return self.last.person if self.sightings else None

    @property
    def surest(self) -> Sighting:
        """The one that is a sleeve most surely."""
        return max(self.sightings, key=lambda one: one.score)

    @property
    def first_s(self) -> float:
        """When it was seen first."""
        return self.sightings[0].seconds

    def add(self, seen: Sighting) -> None:
        """Go on."""
        self.sightings.append(seen)
        del self.sightings[1:-LATEST]
        self.was_alone |= seen.person is None
        if self.moved_s is not None:
            return
        if self.at_rest(seen.quad):
            self.rested_s = seen.seconds
            self._away = 0
            return
        self._away += 1
        if self._away == SURELY_AWAY:
            self.moved_s = self.sightings[-SURELY_AWAY].seconds

    def at_rest(self, quad: Quad) -> bool:
        """Whether a quad lies where the sleeve was seen first, or is a part of that or about it."""
        rest = self.sightings[0].quad
        return overlap_of(quad, rest) > AT_REST * min(area_of(quad), area_of(rest))

    @property
    def stirs(self) -> bool:
        """Whether it was seen to move a little, as what hands hold does, when it was seen whole."""
        sides = np.array([side_of(one.quad) for one in self.sightings])
        whole = [self.sightings[n] for n in np.flatnonzero(sides >= WHOLE * sides.max())]
        return int(np.count_nonzero(_apart(whole) > STIR)) >= 2

    @property
    def hangs(self) -> bool:
        """Whether it was seen for long, never left its place, and hardly ever stirred there."""
        if self.moved_s is not None or self.last.seconds - self.first_s < HANGS_S:
            return False
        before_body = float(np.median([one.on_body for one in self.sightings]))
        return before_body < 0.5 and share_stirring(self.sightings) < STIRS_SHARE


LATEST = 200
"""Sightings that are kept: a minute of them."""
MOST_HUNG = 500
"""Sleeves that hung somewhere and are not seen any more, of those that are remembered."""
SURELY_AWAY = 2
"""Sightings in a row elsewhere after which it has left: one may be a quad that is wrong."""
STIR = 0.05
"""In sides of a sleeve: more than a finder's quads waver about one that hangs."""
WHOLE = 0.85
"""Share of its largest side from which it is seen whole: of what somebody stands before, the middle
of what is left moves with him."""
STIRS_SHARE = 0.2
"""Of its sightings: whoever walks past hides a part of it, which moves its visible middle."""
HANGS_S = 4.0
AT_REST = 0.55
"""Share of the smaller of a quad and the place of rest above which it is there: what hides a part
of a sleeve on the wall makes its quad smaller, not leave."""


def share_stirring(sightings: Sequence[Sighting]) -> float:
    """Return the share of sightings in which a sleeve was not at its usual place."""
    return float((_apart(sightings) > STIR).mean())


def _ratio(one: Quad, other: Quad) -> float:
    """Return the logarithm of how many times larger the side of one is than the other's."""
    return float(abs(np.log(side_of(one) / side_of(other))))


def _apart(sightings: Sequence[Sighting]) -> npt.NDArray[np.float64]:
    """Return how far a sleeve was from its usual place at each sighting, in its sides."""
    middles = np.array([one.quad.mean(axis=0) for one in sightings])
    apart = np.linalg.norm(middles - np.median(middles, axis=0), axis=1)
    return np.asarray(apart / median(side_of(one.quad) for one in sightings))


class SleeveTracks:
    """All sleeves that are in sight, or were until shortly before."""

    def __init__(self, config: Tracking) -> None:
        """Begin with none."""
        self._config = config
        self._numbers = count(1)
        self._boxes: dict[int, Box] = {}
        self._hung: deque[Sighting] = deque(maxlen=MOST_HUNG)
        self.live: list[SleeveTrack] = []

    def drop_gone(self, seconds: float) -> list[SleeveTrack]:
        """Let go of those that are gone, and return them."""
        gone = [one for one in self.live if seconds - one.last.seconds > self._config.gone_s]
        self.live = [one for one in self.live if one not in gone]
        self._hung.extend(one.last for one in gone if one.hangs)
        return gone

    def match(
        self,
        found: Sequence[FoundSleeve],
        looks: Sequence[Look],
        seconds: float,
        boxes: dict[int, Box],
    ) -> list[SleeveTrack]:
        """Return the track of each quad, a new one where it is of none.

        Args:
            looks: Of the quads.
            boxes: The persons in this frame, by track id; what they held moved with them.
        """
        costs = np.full((len(found), len(self.live)), 9.0)
        for row, (one, look) in enumerate(zip(found, looks, strict=True)):
            for column, track in enumerate(self.live):
                costs[row, column] = self._cost(one, look, track, seconds, boxes)
        tracks: list[SleeveTrack | None] = [None] * len(found)
        for row, column in zip(*linear_sum_assignment(costs), strict=True):
            if costs[row, column] < self._config.far:
                tracks[row] = self.live[column]
        matched = [
            track or SleeveTrack(next(self._numbers), hung=self._hung_there(one.quad, look))
            for track, one, look in zip(tracks, found, looks, strict=True)
        ]
        self.live += [one for one in matched if not one.sightings]
        with_sleeves = {one.holder for one in self.live}
        before = {who: box for who, box in self._boxes.items() if who in with_sleeves}
        self._boxes = {**before, **boxes}
        return matched

    def _cost(
        self,
        one: FoundSleeve,
        look: Look,
        track: SleeveTrack,
        seconds: float,
        boxes: dict[int, Box],
    ) -> float:
        config, last, quad = self._config, track.last, one.quad
        gap_s = seconds - last.seconds
        side = side_of(last.quad)
        ratio = _ratio(quad, last.quad)
        stayed = float(np.linalg.norm(quad.mean(axis=0) - last.quad.mean(axis=0))) / side
        carried = self._shift(last.person, boxes)
        came = float(np.linalg.norm(quad.mean(axis=0) - last.quad.mean(axis=0) - carried)) / side
        distance = min(stayed, came)
        alike = likeness(look, last.look)
        if distance > config.reach or ratio > np.log(config.resize):
            return 9.0
        if gap_s > config.turn_s and alike < config.alike:
            return 9.0
        if self._is_another(one, look, track):
            return 9.0
        return float(distance + ratio + 0.8 * (1 - alike))

    def _is_another(self, one: FoundSleeve, look: Look, track: SleeveTrack) -> bool:
        """Whether a quad is not what a track was most surely: a chest, or what hung behind it."""
        config, surest = self._config, track.surest
        alike = likeness(look, surest.look)
        if track.hangs and not track.at_rest(one.quad):
            return alike < config.alike
        if track.holder is None or one.score >= SURE or surest.score < SURE:
            return False
        return alike < config.alike or _ratio(one.quad, surest.quad) > np.log(
            config.doubtful_resize
        )

    def _hung_there(self, quad: Quad, look: Look) -> bool:
        return any(
            iou(quad, one.quad) > 0.4 and likeness(look, one.look) > self._config.alike
            for one in self._hung
        )

    def _shift(self, person: int | None, boxes: dict[int, Box]) -> npt.NDArray[np.float64]:
        """Return how far a person went since the last look."""
        if person is None or person not in boxes or person not in self._boxes:
            return np.zeros(2)
        return _chest(boxes[person]) - _chest(self._boxes[person])


def _chest(box: Box) -> npt.NDArray[np.float64]:
    return np.array([(box[0] + box[2]) / 2, box[1]])


def look_of(picture: Rgb, quad: Quad) -> Look:
    """Return what a quad of a picture looks like at a glance."""
    low = np.floor(quad.min(axis=0)).clip(0).astype(int)
    high = np.ceil(quad.max(axis=0)).astype(int) + 1
    part = picture[low[1] : high[1], low[0] : high[0]]
    if not part.size:
        return np.zeros((LOOK_PX, LOOK_PX, 3), np.float32)
    shrink = max(1.0, side_of(quad) / (2 * LOOK_PX))
    size = (max(1, round(part.shape[1] / shrink)), max(1, round(part.shape[0] / shrink)))
    small = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    factor = (size[0] / part.shape[1], size[1] / part.shape[0])
    face = rectify(small, (quad - low) * factor, LOOK_PX).astype(np.float32)
    face -= face.mean(axis=(0, 1))
    return np.asarray(face / max(float(np.linalg.norm(face)), 1e-6), np.float32)


def likeness(one: Look, other: Look) -> float:
    """Return the correlation of two looks, -1 to 1, in the quarter turn in which it is highest."""
    return max(float((np.rot90(one, n) * other).sum()) for n in range(4))
