"""Where a hand is: its skeleton laid at the edge of a sleeve in perspective."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cratewatch.synthesis.hand import THUMB_GRIPS, Hand
from cratewatch.synthesis.hand_anatomy import (
    FINGER_GIRTH,
    PHALANX_RADII,
    THUMB_RADII,
    Bone,
    Skeleton,
    Vector,
    build_skeleton,
)
from cratewatch.synthesis.pixels import Corners
from cratewatch.synthesis.sleeve import SLEEVE_CM

BOX_STEPS = 24
"""Discs along each bone: on the longest, the forearm, they stand a centimetre apart."""


@dataclass(frozen=True)
class Nail:
    """A nail; axis (2,) points to the fingertip and is as long as half the nail."""

    centre: Vector
    axis: Vector
    half_width: float


@dataclass(frozen=True)
class HandPose:
    """A hand in the unit of the corners that it was laid at.

    Attributes:
        bones: All that has a surface.
        nails: Those that the viewer may see.
        fingers: (4, 3) joints of each finger of which the back is seen, the thumb's first.
        to_canvas: (2, 3) map from the hand's x, y, 1 in centimetres.
        cm: Length of a centimetre.
    """

    bones: tuple[Bone, ...]
    nails: tuple[Nail, ...]
    fingers: tuple[Vector, ...]
    to_canvas: Vector
    cm: float


def pose_hand(hand: Hand, corners: Corners) -> HandPose:
    """Lay a hand at the sleeve with these corners."""
    skeleton = build_skeleton(hand)
    to_canvas, cm = _placement(hand, corners, skeleton)
    girth = hand.thickness * cm
    starts = _place(np.array([bone.start for bone in skeleton.bones]), to_canvas, cm)
    ends = _place(np.array([bone.end for bone in skeleton.bones]), to_canvas, cm)
    radii = girth * np.array([[bone.start_radius, bone.end_radius] for bone in skeleton.bones])
    covered = _within(starts, radii[:, 0], corners) & _within(ends, radii[:, 1], corners)
    bones = tuple(
        Bone(start, end, float(radius[0]), float(radius[1]), bone.part, bone.front)
        for bone, start, end, radius, hidden in zip(
            skeleton.bones, starts, ends, radii, covered, strict=True
        )
        if bone.front or not hidden
    )
    backs, tips = _backs(hand, skeleton)
    fingers = tuple(_place(chain, to_canvas, cm) for chain in backs)
    nails = tuple(
        nail
        for chain, tip in zip(fingers, tips, strict=True)
        if (nail := _nail(chain, girth * tip, cm)) is not None
    )
    return HandPose(bones, nails, fingers, to_canvas, cm)


def hand_box(hand: Hand, corners: Corners, side: float) -> tuple[float, float, float, float]:
    """Return x0, y0, x1, y1 around what a square canvas of that side shows of a hand and its arm.

    Raises:
        ValueError: if it shows nothing.
    """
    bones = pose_hand(hand, corners).bones
    t = np.linspace(0.0, 1.0, BOX_STEPS)[:, None, None]
    starts = np.array([bone.start[:2] for bone in bones])
    ends = np.array([bone.end[:2] for bone in bones])
    radii = np.array([[bone.start_radius, bone.end_radius] for bone in bones])
    at = (starts + t * (ends - starts)).reshape(-1, 2)
    radius = (radii[:, 0] + t[..., 0] * (radii[:, 1] - radii[:, 0])).reshape(-1)
    front = np.tile([bone.front for bone in bones], BOX_STEPS)
    low, high = at - radius[:, None], at + radius[:, None]
    seen = (front | ~_within(at, radius, corners)) & ((low < side) & (high > 0.0)).all(axis=1)
    x0, y0 = low[seen].min(axis=0).clip(0.0, side)
    x1, y1 = high[seen].max(axis=0).clip(0.0, side)
    return float(x0), float(y0), float(x1), float(y1)


def _within(at: Vector, radii: Vector, corners: Corners) -> npt.NDArray[np.bool_]:
    """Tell which discs lie wholly within the sleeve's outline; a bone between two does too."""
    edges = np.roll(corners, -1, axis=0) - corners
    edges /= np.linalg.norm(edges, axis=1)[:, None]
    offsets = at[:, None, :2] - corners
    signed = edges[:, 0] * offsets[..., 1] - edges[:, 1] * offsets[..., 0]
    return np.asarray((signed > radii[:, None]).all(axis=1))


def _backs(hand: Hand, skeleton: Skeleton) -> tuple[list[Vector], list[float]]:
    """Return the fingers whose backs are seen, and the radii of their tips."""
    chains: list[Vector] = [skeleton.thumb] if hand.grip in THUMB_GRIPS else []
    tips = [THUMB_RADII[-1][1]] * len(chains)
    if not hand.shows_palm:
        chains += skeleton.fingers
        tips += [float(girth) * PHALANX_RADII[-1][1] for girth in FINGER_GIRTH]
    return chains, tips


def _placement(hand: Hand, corners: Corners, skeleton: Skeleton) -> tuple[Vector, float]:
    """Return the map of the hand's plane to the sleeve's and the length of a centimetre."""
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    cm = float(sides.mean()) / SLEEVE_CM * hand.scale
    origin, inward = _hold(hand, corners)
    angle = np.radians(hand.angle_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    forward = turn @ inward
    # On a right hand seen from behind, fingers up, the thumb is on the left.
    thumb_left = (hand.side == "right") != hand.shows_palm
    across = np.array([forward[1], -forward[0]]) * (1.0 if thumb_left else -1.0)
    axes = cm * np.column_stack([across, forward])
    return np.column_stack([axes, origin - axes @ _contact(hand, skeleton)]), cm


def _hold(hand: Hand, corners: Corners) -> tuple[Vector, Vector]:
    """Return the point of the outline that is held and the unit vector inward from it."""
    start, end = corners[hand.edge], corners[(hand.edge + 1) % 4]
    if hand.grip == "corner_pinch":
        origin, inward = start, corners.mean(axis=0) - start
    else:
        origin = start + hand.along * (end - start)
        inward = np.array([start[1] - end[1], end[0] - start[0]])
    return origin, inward / np.linalg.norm(inward)


def _contact(hand: Hand, skeleton: Skeleton) -> Vector:
    """Return the point x, y of the hand's plane that lies on the outline."""
    if hand.shows_palm:
        tip = skeleton.thumb[-1]
        return np.array([tip[0] - 0.5, tip[1] - hand.reach_cm / hand.scale])
    foremost = max(float(chain[-1][1]) for chain in skeleton.fingers)
    return np.array([0.0, foremost - hand.reach_cm / hand.scale])


def _place(points: Vector, to_canvas: Vector, cm: float) -> Vector:
    flat = points[:, :2] @ to_canvas[:, :2].T + to_canvas[:, 2]
    return np.column_stack([flat, cm * points[:, 2]])


def _nail(chain: Vector, tip_radius: float, cm: float) -> Nail | None:
    """Return a finger's nail; None if the finger is bent so far that the nail is edge-on."""
    base, tip = chain[-2][:2], chain[-1][:2]
    seen = float(np.linalg.norm(tip - base))
    foreshortening = min(1.0, seen / (1.9 * cm))
    if foreshortening < 0.45:
        return None
    forward = (tip - base) / seen
    centre = tip + forward * tip_radius * (0.35 * foreshortening - 0.15)
    return Nail(centre, forward * 0.6 * cm * foreshortening, 0.72 * tip_radius)
