"""The skeleton of a hand in its own frame: bones with thickness, in centimetres.

x runs towards the thumb, y towards the fingertips, z to the viewer; the wrist is the origin.
Sizes are those of an average adult hand.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from cratewatch.synthesis.hand import THUMB_GRIPS, Hand
from cratewatch.synthesis.pixels import stream

Part: TypeAlias = Literal["palm", "finger", "cuff"]
Vector: TypeAlias = npt.NDArray[np.float64]

KNUCKLES = np.array([[2.75, 8.9, 0.1], [0.85, 9.4, 0.35], [-1.0, 8.9, 0.15], [-2.7, 8.0, -0.25]])
PHALANGES = np.array([[4.2, 2.5, 1.9], [4.6, 2.9, 2.0], [4.3, 2.7, 2.0], [3.4, 1.9, 1.7]])
FINGER_GIRTH = np.array([1.0, 1.03, 0.97, 0.86])
PHALANX_RADII = ((1.02, 0.88), (0.90, 0.78), (0.80, 0.68))
"""Of the index: wider at each joint than behind it, so that the outline is not a plain cone."""
JOINT_RADIUS = 0.92
THUMB_LENGTHS = np.array([4.2, 3.2, 2.3])
THUMB_RADII = ((1.55, 1.25), (1.18, 1.10), (1.14, 0.88))
FOREARM_CM = 26.0


@dataclass(frozen=True)
class Bone:
    """A tapered capsule from start to end (x, y, z), in front of the sleeve or behind it."""

    start: Vector
    end: Vector
    start_radius: float
    end_radius: float
    part: Part
    front: bool


@dataclass(frozen=True)
class Skeleton:
    """Bones, and the joints (4, 3) of each finger and of the thumb from root to tip."""

    bones: tuple[Bone, ...]
    fingers: tuple[Vector, ...]
    thumb: Vector


def build_skeleton(hand: Hand) -> Skeleton:
    """Bend a hand into its grip."""
    rng = stream(hand.seed, "pose")
    fingers = _fingers(hand, rng)
    thumb = _thumb(hand, rng)
    bones = [*_arm(hand), *_palm(hand, rng), *_thumb_bones(hand, thumb)]
    for chain, girth in zip(fingers, FINGER_GIRTH, strict=True):
        bones += _finger_bones(chain, girth, front=not hand.shows_palm)
    return Skeleton(tuple(bones), fingers, thumb)


def _chain(root: Vector, lengths: Vector, azimuths_deg: Vector, pitches_deg: Vector) -> Vector:
    """Return the joints of a finger (4, 3); a positive pitch bends it away from the viewer."""
    azimuths, pitches = np.radians(azimuths_deg), np.radians(pitches_deg)
    flat = np.cos(pitches)
    steps = np.stack([np.sin(azimuths) * flat, np.cos(azimuths) * flat, -np.sin(pitches)], axis=1)
    return np.vstack([root, root + np.cumsum(lengths[:, None] * steps, axis=0)])


def _fingers(hand: Hand, rng: np.random.Generator) -> tuple[Vector, ...]:
    # Closed fingers lean towards the middle one; open ones fan out from it.
    fan = np.array([7.0, 1.0, -5.0, -12.0]) * (1.6 * hand.spread - 0.25)
    bend = np.array([6.0, 16.0, 22.0]) + hand.curl * np.array([26.0, 58.0, 66.0])
    bend = -bend if hand.shows_palm else bend
    # Neighbours bend alike, the little finger rather more than the index.
    drift = np.cumsum(rng.normal(0.03, 0.09, 4))
    chains = []
    for i in range(4):
        azimuth = fan[i] * np.array([1.0, 0.8, 0.7]) + rng.normal(0.0, 2.0)
        chains.append(_chain(KNUCKLES[i], PHALANGES[i], azimuth, bend * (0.95 + drift[i])))
    return tuple(chains)


def _thumb(hand: Hand, rng: np.random.Generator) -> Vector:
    if hand.shows_palm:
        azimuths = np.array([30.0, 10.0, 4.0]) + rng.uniform(-6.0, 20.0)
        pitches = np.array([-20.0, 4.0, 4.0 + 16.0 * rng.random()])
        return _chain(np.array([1.6, 2.2, 1.1]), THUMB_LENGTHS, azimuths, pitches)
    azimuths = np.array([40.0, 22.0, 8.0]) + 14.0 * hand.spread + rng.uniform(-6.0, 6.0)
    pitches = np.array([14.0, 10.0, 8.0])
    return _chain(np.array([1.8, 1.8, -0.8]), THUMB_LENGTHS, azimuths, pitches)


def _arm(hand: Hand) -> Iterator[Bone]:
    front = not hand.shows_palm
    for x in (-1.05, 1.05):
        wrist, hollow = np.array([x, 1.2, 0.0]), np.array([0.95 * x, -2.5, 0.0])
        elbow = np.array([1.55 * x, -FOREARM_CM, -0.5])
        yield Bone(wrist, hollow, 1.9, 1.85, "palm", front)
        yield Bone(hollow, elbow, 1.85, 3.0, "palm", front)
        if hand.cuff is not None:
            hem, shoulder = np.array([1.05 * x, -hand.cuff.start_cm, 0.0]), elbow * (1.2, 1.0, 1.0)
            yield Bone(hem, shoulder, 2.75, 4.2, "cuff", front)


def _palm(hand: Hand, rng: np.random.Generator) -> Iterator[Bone]:
    tendons = rng.random() < 0.6
    for knuckle, x in zip(KNUCKLES, (1.35, 0.5, -0.5, -1.35), strict=True):
        yield Bone(np.array([x, 0.8, 0.0]), knuckle, 1.5, 1.12, "palm", not hand.shows_palm)
        if hand.shows_palm:
            continue
        raised = knuckle + np.array([0.0, 0.0, 0.15 + 0.3 * hand.curl])
        yield Bone(raised, raised - np.array([0.0, 0.5, 0.0]), 1.05, 0.95, "palm", True)
        if tendons:
            root, head = np.array([0.7 * x, 2.5, 1.1]), knuckle + np.array([0.0, -0.6, 0.8])
            yield Bone(root, head, 0.25, 0.3, "finger", True)
    if hand.shows_palm:
        heel, edge = np.array([-1.7, 1.6, 0.7]), np.array([-2.5, 6.2, 0.4])
        yield Bone(heel, edge, 1.5, 1.2, "palm", False)


def _finger_bones(chain: Vector, girth: float, *, front: bool) -> list[Bone]:
    bones = [
        Bone(chain[i], chain[i + 1], girth * start, girth * end, "finger", front)
        for i, (start, end) in enumerate(PHALANX_RADII)
    ]
    joint = chain[1]
    return [*bones, Bone(joint, joint, JOINT_RADIUS * girth, JOINT_RADIUS * girth, "finger", front)]


def _thumb_bones(hand: Hand, thumb: Vector) -> Iterator[Bone]:
    front = hand.grip in THUMB_GRIPS
    web = np.array([2.6, 6.4, 0.4 * thumb[1][2]])
    yield Bone(thumb[1], web, 0.95, 0.75, "palm", front)
    for i, (start, end) in enumerate(THUMB_RADII):
        part: Part = "palm" if i == 0 else "finger"
        yield Bone(thumb[i], thumb[i + 1], start, end, part, front)
