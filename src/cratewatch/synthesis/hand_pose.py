"""The skeleton of a hand at the sleeve: a grip becomes bones with thickness.

The hand's own frame is in centimetres: x towards the thumb, y towards the fingertips, z to the
viewer, the wrist at the origin. Sizes are those of an average adult hand.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from cratewatch.synthesis.pixels import Colour, Corners, stream
from cratewatch.synthesis.sleeve import SLEEVE_CM

Grip: TypeAlias = Literal[
    "thumb_front", "fingers_front", "corner_pinch", "bottom_support", "over_front"
]
Side: TypeAlias = Literal["left", "right"]
Part: TypeAlias = Literal["palm", "finger", "cuff"]
Vector: TypeAlias = npt.NDArray[np.float64]

HAND_PHRASE = "a hand holding a record sleeve"
PALMAR_GRIPS: tuple[Grip, ...] = ("thumb_front", "corner_pinch")
"""Grips that show the palm; the others show the back of the hand."""
KNUCKLES = np.array([[2.75, 9.2, 0.1], [0.85, 9.7, 0.3], [-1.05, 9.2, 0.1], [-2.8, 8.2, -0.3]])
PHALANGES = np.array([[4.5, 2.7, 2.1], [5.0, 3.1, 2.2], [4.6, 2.9, 2.2], [3.6, 2.1, 1.9]])
FINGER_RADII = np.array(
    [
        [1.02, 0.90, 0.80, 0.62],
        [1.05, 0.92, 0.81, 0.63],
        [0.99, 0.86, 0.76, 0.60],
        [0.88, 0.75, 0.66, 0.52],
    ]
)
THUMB_RADII = (1.55, 1.22, 1.08, 0.80)
THUMB_LENGTHS = (4.4, 3.4, 2.7)
FOREARM_CM = 26.0


@dataclass(frozen=True)
class Cuff:
    """A garment's sleeve over the forearm; start_cm is how far behind the wrist it ends."""

    colour: Colour
    start_cm: float


@dataclass(frozen=True)
class Hand:
    """One hand and how it holds the sleeve.

    Attributes:
        side: Which hand of the person it is.
        grip: How it holds.
        edge: 0 top, 1 right, 2 bottom, 3 left; for corner_pinch the corner at its start.
        along: Where on that edge, 0 to 1, clockwise.
        reach_cm: How far the foremost fingertip or thumb lies inside the sleeve.
        angle_deg: Turn of the hand away from straight inward.
        scale: 1 for an average hand on a 12-inch sleeve.
        spread: How far the fingers stand apart, 0 to 1.
        curl: How far the fingers are bent, 0 to 1.
        thickness: Girth of fingers and arm relative to the average.
        tone: Skin tone, 0 the lightest, 1 the darkest.
        glove: Colour of a glove, if worn.
        cuff: The garment's sleeve, if long.
        seed: Fixes the small irregularities of joints and skin.
    """

    side: Side
    grip: Grip
    edge: int
    along: float
    reach_cm: float
    angle_deg: float
    scale: float
    spread: float
    curl: float
    thickness: float
    tone: float
    glove: Colour | None
    cuff: Cuff | None
    seed: int


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
class Nail:
    """A nail; axis (2,) points to the fingertip and is as long as half the nail."""

    centre: Vector
    axis: Vector
    half_width: float


@dataclass(frozen=True)
class HandPose:
    """Bones and nails in the unit of the corners they were posed on; cm is a centimetre in it."""

    bones: tuple[Bone, ...]
    nails: tuple[Nail, ...]
    cm: float


@dataclass(frozen=True)
class _Frame:
    """Similarity from the hand's frame to the canvas."""

    origin: Vector
    across: Vector
    along: Vector
    contact: Vector
    cm: float

    def point(self, at: Vector) -> Vector:
        x, y = at[0] - self.contact[0], at[1] - self.contact[1]
        flat = self.origin + self.cm * (x * self.across + y * self.along)
        return np.array([flat[0], flat[1], self.cm * at[2]])


def pose_hand(hand: Hand, corners: Corners) -> HandPose:
    """Return the hand's bones at the sleeve with these corners, in the corners' unit."""
    rng = stream(hand.seed, "pose")
    palmar = hand.grip in PALMAR_GRIPS
    fingers = _fingers(hand, rng, palmar=palmar)
    thumb = _thumb(hand, rng)
    lead = thumb[-1] if palmar else max(fingers, key=lambda chain: float(chain[-1][1]))[-1]
    frame = _frame(hand, corners, _contact(hand, lead))
    local = [*_arm(hand), *_palm(hand), *_finger_bones(hand, fingers), *_thumb_bones(hand, thumb)]
    girth = hand.thickness * frame.cm
    bones = tuple(
        Bone(
            frame.point(bone.start),
            frame.point(bone.end),
            girth * bone.start_radius,
            girth * bone.end_radius,
            bone.part,
            bone.front,
        )
        for bone in local
    )
    chains = [(thumb, THUMB_RADII[3])]
    if not palmar:
        chains += [(chain, float(FINGER_RADII[i, 3])) for i, chain in enumerate(fingers)]
    nails = tuple(_nail(frame, chain, hand.thickness * radius) for chain, radius in chains)
    return HandPose(bones, nails if _shows_thumb(hand) else nails[1:], frame.cm)


def hand_box(hand: Hand, corners: Corners) -> tuple[float, float, float, float]:
    """Return x0, y0, x1, y1 around all that can be seen of the hand and its arm."""
    points: list[Vector] = []
    for bone in pose_hand(hand, corners).bones:
        for t in np.linspace(0.0, 1.0, 5):
            at = bone.start[:2] + t * (bone.end[:2] - bone.start[:2])
            radius = bone.start_radius + t * (bone.end_radius - bone.start_radius)
            if bone.front or not _inside(at, corners, radius):
                points += [at - radius, at + radius]
    low, high = np.min(points, axis=0), np.max(points, axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _inside(at: Vector, corners: Corners, margin: float) -> bool:
    edges = np.roll(corners, -1, axis=0) - corners
    offsets = at - corners
    signed = edges[:, 0] * offsets[:, 1] - edges[:, 1] * offsets[:, 0]
    return bool(np.all(signed / np.linalg.norm(edges, axis=1) > margin))


def _shows_thumb(hand: Hand) -> bool:
    return hand.grip in (*PALMAR_GRIPS, "over_front")


def _contact(hand: Hand, lead: Vector) -> Vector:
    """Return the point of the hand that lies on the sleeve's edge."""
    x = 0.6 * lead[0] if hand.grip in PALMAR_GRIPS else 0.0
    return np.array([x, lead[1] - hand.reach_cm / hand.scale])


def _frame(hand: Hand, corners: Corners, contact: Vector) -> _Frame:
    start, end = corners[hand.edge], corners[(hand.edge + 1) % 4]
    origin = start + hand.along * (end - start)
    if hand.grip == "corner_pinch":
        origin, inward = start, corners.mean(axis=0) - start
    else:
        inward = np.array([start[1] - end[1], end[0] - start[0]])
    inward = inward / np.linalg.norm(inward)
    angle = np.radians(hand.angle_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    along = turn @ inward
    palmar = hand.grip in PALMAR_GRIPS
    thumb_left = (hand.side == "right") != palmar
    across = np.array([along[1], -along[0]]) if thumb_left else np.array([-along[1], along[0]])
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    return _Frame(origin, across, along, contact, float(sides.mean()) / SLEEVE_CM * hand.scale)


def _chain(
    root: Vector, lengths: Vector, azimuths_deg: Vector, pitches_deg: Vector
) -> list[Vector]:
    """Return the joints of a finger; a positive pitch bends it away from the viewer."""
    joints = [root]
    azimuths, pitches = np.radians(azimuths_deg), np.radians(pitches_deg)
    for length, azimuth, pitch in zip(lengths, azimuths, pitches, strict=True):
        flat = np.cos(pitch)
        step = np.array([np.sin(azimuth) * flat, np.cos(azimuth) * flat, -np.sin(pitch)])
        joints.append(joints[-1] + length * step)
    return joints


def _fingers(hand: Hand, rng: np.random.Generator, *, palmar: bool) -> list[list[Vector]]:
    fan = np.array([7.0, 1.0, -5.0, -12.0]) * (0.3 + 1.3 * hand.spread)
    bend = np.array([8.0, 18.0, 24.0]) + hand.curl * np.array([22.0, 44.0, 52.0])
    chains = []
    for i in range(4):
        azimuth = fan[i] + rng.uniform(-3.0, 3.0) - np.array([0.0, 0.25, 0.35]) * fan[i]
        pitch = bend * rng.uniform(0.85, 1.15) + rng.uniform(-4.0, 4.0)
        chains.append(_chain(KNUCKLES[i], PHALANGES[i], azimuth, -pitch if palmar else pitch))
    return chains


def _thumb(hand: Hand, rng: np.random.Generator) -> list[Vector]:
    if hand.grip in PALMAR_GRIPS:
        lean = rng.uniform(-8.0, 22.0)
        azimuths = np.array([34.0, 12.0, 2.0]) + lean
        return _chain(
            np.array([1.7, 2.0, 1.2]),
            np.array(THUMB_LENGTHS),
            azimuths,
            np.array([-22.0, 4.0, 12.0]),
        )
    azimuths = np.array([42.0, 24.0, 10.0]) + 12.0 * hand.spread + rng.uniform(-6.0, 6.0)
    return _chain(
        np.array([1.8, 1.8, -0.8]), np.array(THUMB_LENGTHS), azimuths, np.array([14.0, 10.0, 8.0])
    )


def _arm(hand: Hand) -> Iterator[Bone]:
    front = hand.grip not in PALMAR_GRIPS
    for x in (-1.05, 1.05):
        wrist, elbow = np.array([x, 1.2, 0.0]), np.array([1.55 * x, -FOREARM_CM, -0.5])
        hollow = np.array([x * 0.95, -2.5, 0.0])
        yield Bone(wrist, hollow, 1.9, 1.85, "palm", front)
        yield Bone(hollow, elbow, 1.85, 3.0, "palm", front)
        if hand.cuff is not None:
            hem = np.array([x * 1.05, -hand.cuff.start_cm, 0.0])
            yield Bone(hem, elbow * np.array([1.2, 1.0, 1.0]), 2.75, 4.2, "cuff", front)


def _palm(hand: Hand) -> Iterator[Bone]:
    front = hand.grip not in PALMAR_GRIPS
    for i, x in enumerate((1.35, 0.5, -0.5, -1.35)):
        yield Bone(np.array([x, 0.8, 0.0]), KNUCKLES[i], 1.5, 1.12, "palm", front)
    if not front:
        yield Bone(np.array([-1.7, 1.6, 0.7]), np.array([-2.5, 6.2, 0.4]), 1.5, 1.2, "palm", False)


def _finger_bones(hand: Hand, fingers: list[list[Vector]]) -> Iterator[Bone]:
    front = hand.grip not in PALMAR_GRIPS
    for joints, radii in zip(fingers, FINGER_RADII, strict=True):
        for i in range(3):
            yield Bone(joints[i], joints[i + 1], radii[i], radii[i + 1], "finger", front)


def _thumb_bones(hand: Hand, thumb: list[Vector]) -> Iterator[Bone]:
    front = _shows_thumb(hand)
    web = np.array([2.6, 6.6, float(thumb[1][2]) * 0.4])
    yield Bone(thumb[1], web, 0.95, 0.75, "palm", front)
    for i in range(3):
        part: Part = "palm" if i == 0 else "finger"
        yield Bone(thumb[i], thumb[i + 1], THUMB_RADII[i], THUMB_RADII[i + 1], part, front)


def _nail(frame: _Frame, chain: list[Vector], tip_radius: float) -> Nail:
    base, tip = frame.point(chain[-2])[:2], frame.point(chain[-1])[:2]
    forward = tip - base
    seen = float(np.linalg.norm(forward))
    unit = forward / max(seen, 1e-6)
    # The nail ends where the pad begins to round off; a bent finger shows it foreshortened.
    foreshortening = min(1.0, seen / (2.0 * frame.cm))
    centre = tip + unit * frame.cm * tip_radius * (0.35 * foreshortening - 0.15)
    half_length = 0.62 * frame.cm * foreshortening
    return Nail(centre, unit * max(half_length, 1e-6), 0.74 * frame.cm * tip_radius)
