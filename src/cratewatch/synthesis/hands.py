"""Painting a posed hand: a height field of its bones, lit like skin."""

from dataclasses import dataclass

import cv2
import numpy as np

from cratewatch.synthesis.hand import Hand
from cratewatch.synthesis.hand_anatomy import Bone, Vector
from cratewatch.synthesis.hand_pose import HandPose, Nail, pose_hand
from cratewatch.synthesis.lighting import Light
from cratewatch.synthesis.pixels import (
    Colour,
    Corners,
    Plane,
    Stencil,
    blend,
    blur,
    dim,
    soften,
    stream,
    tint,
    value_noise,
)

SKIN_RAMP = np.array(
    [
        [0.95, 0.80, 0.72],
        [0.90, 0.72, 0.62],
        [0.81, 0.62, 0.51],
        [0.69, 0.51, 0.41],
        [0.55, 0.39, 0.30],
        [0.42, 0.29, 0.22],
        [0.30, 0.21, 0.17],
        [0.22, 0.16, 0.13],
    ]
)
"""From the lightest to the darkest tone, as lit skin appears in photographs."""
PALM_TONE = np.array([0.78, 0.58, 0.47])
"""Palms keep close to this whatever the tone of the back of the hand."""
UNDERTONE = np.array([0.01, -0.03, 0.05])
"""What a rosy undertone adds to each channel; a golden one takes it away."""
PALM_LINES = (
    np.array([[2.5, 6.6], [1.5, 5.6], [0.6, 4.0], [0.3, 2.0], [0.5, 0.9]]),
    np.array([[2.6, 6.8], [1.0, 6.2], [-0.8, 5.2], [-2.2, 3.9]]),
    np.array([[-3.2, 6.6], [-1.6, 6.7], [0.2, 7.4], [1.0, 8.3]]),
)
"""In the hand's frame, centimetres: around the thumb's ball, across the palm, below the fingers."""
WARM_SHADOWS = np.linspace(0.0, 1.1, 256)[:, None] ** np.array([0.90, 1.03, 1.07])
WARM_SHADOWS = WARM_SHADOWS.astype(np.float32)
"""Gain of each channel by brightness 0..1.1: light that went through skin comes out red."""
FAR_BELOW = -1e4


@dataclass(frozen=True)
class PaintedHand:
    """A hand on its part of the canvas.

    Attributes:
        left_px: Column of the part's first pixel.
        top_px: Row of the part's first pixel.
        colour: (h, w, 3), lit.
        whole: (h, w) coverage of all that is drawn before the sleeve.
        front: (h, w) coverage of what lies over the sleeve.
        cm: Pixels in a centimetre of hand.
    """

    left_px: int
    top_px: int
    colour: Plane
    whole: Plane
    front: Plane
    cm: float

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the canvas that the part covers."""
        height, width = self.whole.shape
        return slice(self.top_px, self.top_px + height), slice(self.left_px, self.left_px + width)


@dataclass
class _Relief:
    """Height fields under construction, (h, w) each, over one window of the canvas."""

    left: int
    top: int
    palm: Plane
    finger: Plane
    cuff: Plane
    whole: Plane
    front: Plane


def paint_hand(hand: Hand, corners_px: Corners, side_px: int, light: Light) -> PaintedHand | None:
    """Paint a hand for a canvas of side_px; None if nothing of it is on the canvas."""
    pose = pose_hand(hand, corners_px)
    relief = _relief(pose, side_px)
    if relief is None:
        return None
    skin, cuffed = _merge(relief, pose.cm)
    albedo = _albedo(hand, pose, relief, cuffed)
    colour = _light(skin, albedo, light, pose.cm)
    return PaintedHand(relief.left, relief.top, colour, relief.whole, relief.front, pose.cm)


def _relief(pose: HandPose, side_px: int) -> _Relief | None:
    ends = np.array([[bone.start[:2], bone.end[:2]] for bone in pose.bones])
    reach = np.array([max(bone.start_radius, bone.end_radius) + 2.0 for bone in pose.bones])
    reach = reach[:, None, None]
    left, top = np.clip(np.floor((ends - reach).min(axis=(0, 1))), 0, side_px).astype(int)
    right, bottom = np.clip(np.ceil((ends + reach).max(axis=(0, 1))), 0, side_px).astype(int)
    if right - left < 2 or bottom - top < 2:
        return None
    shape = (bottom - top, right - left)
    fields = [np.full(shape, FAR_BELOW, dtype=np.float32) for _ in range(3)]
    masks = [np.zeros(shape, dtype=np.float32) for _ in range(2)]
    relief = _Relief(int(left), int(top), *fields, *masks)
    for bone in pose.bones:
        _stamp(relief, bone)
    return relief


def _stamp(relief: _Relief, bone: Bone) -> None:
    """Raise the relief to the upper surface of one capsule."""
    height, width = relief.whole.shape
    start = bone.start[:2] - (relief.left, relief.top)
    end = bone.end[:2] - (relief.left, relief.top)
    reach = max(bone.start_radius, bone.end_radius) + 1.0
    x0, y0 = np.floor(np.minimum(start, end) - reach).astype(int).clip(0)
    x1, y1 = np.ceil(np.maximum(start, end) + reach).astype(int)
    x1, y1 = min(x1, width), min(y1, height)
    if x1 <= x0 or y1 <= y0:
        return
    x = np.arange(x0, x1, dtype=np.float32)[None, :] + np.float32(0.5 - start[0])
    y = np.arange(y0, y1, dtype=np.float32)[:, None] + np.float32(0.5 - start[1])
    dx, dy = (end - start).astype(np.float32)
    course = (x * dx + y * dy) / np.float32(max(dx * dx + dy * dy, 1e-6))
    t = np.minimum(np.maximum(course, np.float32(0.0)), np.float32(1.0))
    radius = np.float32(bone.start_radius) + t * np.float32(bone.end_radius - bone.start_radius)
    squared = (x - t * dx) ** 2 + (y - t * dy) ** 2
    centre = np.float32(bone.start[2]) + t * np.float32(bone.end[2] - bone.start[2])
    dome = np.sqrt(np.maximum(radius * radius - squared, 0.0))
    surface = np.where(dome > 0.0, centre + dome, FAR_BELOW)
    inside = radius - np.sqrt(squared) + np.float32(0.5)
    coverage = np.minimum(np.maximum(inside, np.float32(0.0)), np.float32(1.0))
    if bone.part == "cuff":
        # A hem is cut straight, where flesh would be round.
        surface = np.where(course >= 0.0, surface, np.float32(FAR_BELOW))
        coverage = coverage * (course >= 0.0)
    box = (slice(y0, y1), slice(x0, x1))
    field = {"palm": relief.palm, "finger": relief.finger, "cuff": relief.cuff}[bone.part]
    np.maximum(field[box], surface, out=field[box])
    np.maximum(relief.whole[box], coverage, out=relief.whole[box])
    if bone.front:
        np.maximum(relief.front[box], coverage, out=relief.front[box])


def _merge(relief: _Relief, cm: float) -> tuple[Plane, Plane]:
    """Return the smoothed surface and where it is cloth."""
    floor = np.float32(-2.0 * cm)
    palm = blur(np.maximum(relief.palm, floor), 0.38 * cm)
    flesh = blur(np.maximum(palm, relief.finger), 0.17 * cm)
    cloth = blur(np.maximum(relief.cuff, floor), 0.25 * cm)
    cuffed = relief.cuff > np.maximum(flesh, floor)
    surface = np.where(cuffed, cloth, flesh)
    return np.asarray(surface, dtype=np.float32), cuffed.astype(np.float32)


def _albedo(hand: Hand, pose: HandPose, relief: _Relief, cuffed: Plane) -> Plane:
    rng = stream(hand.seed, "skin")
    shape = relief.whole.shape
    albedo = np.empty((*shape, 3), dtype=np.float32)
    albedo[:] = hand.glove if hand.glove is not None else skin_colour(hand)
    mottle = value_noise(rng, shape, (7, 7)) * 0.035 + value_noise(rng, shape, (19, 19)) * 0.025
    mottle += value_noise(rng, shape, (max(2, shape[0] // 3), max(2, shape[1] // 3))) * 0.03
    dim(albedo, np.float32(1.0) + mottle)
    if hand.glove is None:
        _draw_joints(albedo, pose, relief)
        if hand.shows_palm:
            _draw_palm_lines(albedo, pose, relief)
        for nail in pose.nails:
            _draw_nail(albedo, nail, relief)
    if hand.cuff is not None:
        weave = np.float32(1.0) + np.float32(0.14) * value_noise(rng, shape, (9, 13))
        blend(albedo, tint(weave, hand.cuff.colour), blur(cuffed, 0.5))
    return albedo


def skin_colour(hand: Hand) -> Colour:
    """Return the colour of the side of the hand that the grip shows."""
    at = hand.tone * (len(SKIN_RAMP) - 1)
    low = min(int(at), len(SKIN_RAMP) - 2)
    tone = SKIN_RAMP[low] + (at - low) * (SKIN_RAMP[low + 1] - SKIN_RAMP[low])
    if hand.shows_palm:
        tone = tone + 0.4 * hand.tone * (PALM_TONE - tone)
    tone = tone * (1.0 + hand.undertone * UNDERTONE)
    return float(tone[0]), float(tone[1]), float(tone[2])


def _draw_joints(albedo: Plane, pose: HandPose, relief: _Relief) -> None:
    """Give knuckles and fingertips more blood, and the joints their creases."""
    flush, folds = (np.zeros(relief.whole.shape, dtype=np.uint8) for _ in range(2))
    for joints in pose.fingers:
        flat = joints[:, :2] - (relief.left, relief.top)
        for i in (1, 2, 3):
            _dot(flush, flat[i], 0.7 * pose.cm)
        for i in (1, 2):
            _creases(folds, flat[i], flat[i + 1] - flat[i - 1], pose.cm)
    redness = soften(flush, 0.5 * pose.cm)
    depth = soften(folds, 0.07 * pose.cm)
    dim(albedo, np.float32(1.0) - np.float32(0.3) * depth)
    dim(albedo[..., 1:], np.float32(1.0) - np.float32(0.08) * redness)


def _dot(mask: Stencil, centre: Vector, radius: float) -> None:
    at = (round(float(centre[0]) * 16), round(float(centre[1]) * 16))
    cv2.circle(mask, at, max(16, round(radius * 16)), 255, -1, cv2.LINE_AA, 4)


def _creases(mask: Stencil, joint: Vector, course: Vector, cm: float) -> None:
    """Draw three short lines across a finger at its joint."""
    forward = course / max(float(np.linalg.norm(course)), 1e-6)
    sideways = np.array([-forward[1], forward[0]])
    for shift, half in ((-0.25, 0.42), (0.0, 0.55), (0.24, 0.4)):
        middle = joint + shift * cm * forward
        ends = (np.array([-half, half])[:, None] * cm * sideways + middle) * 16
        start, end = np.rint(ends).astype(int).tolist()
        cv2.line(mask, start, end, 200, 1, cv2.LINE_AA, 4)


def _draw_palm_lines(albedo: Plane, pose: HandPose, relief: _Relief) -> None:
    """Draw the three great lines of a palm."""
    folds = np.zeros(relief.whole.shape, dtype=np.uint8)
    for line in PALM_LINES:
        flat = line @ pose.to_canvas[:, :2].T + pose.to_canvas[:, 2] - (relief.left, relief.top)
        cv2.polylines(folds, [np.rint(flat * 16).astype(np.int32)], False, 255, 1, cv2.LINE_AA, 4)
    depth = soften(folds, 0.09 * pose.cm)
    dim(albedo, np.float32(1.0) - np.float32(0.32) * depth)


def _draw_nail(albedo: Plane, nail: Nail, relief: _Relief) -> None:
    length = float(np.linalg.norm(nail.axis))
    reach = length + nail.half_width + 1.0
    centre = nail.centre - (relief.left, relief.top)
    low = np.floor(centre - reach).astype(int).clip(0)
    high = np.minimum(np.ceil(centre + reach).astype(int), relief.whole.shape[::-1])
    if np.any(high <= low):
        return
    x = np.arange(low[0], high[0], dtype=np.float32)[None, :] + np.float32(0.5 - centre[0])
    y = np.arange(low[1], high[1], dtype=np.float32)[:, None] + np.float32(0.5 - centre[1])
    ux, uy = (nail.axis / length).astype(np.float32)
    along, across = (x * ux + y * uy) / length, (x * uy - y * ux) / nail.half_width
    inside = 1.0 - (np.abs(along) ** 3 + np.abs(across) ** 3)
    plate = np.clip(inside * min(length, nail.half_width) * 0.7, 0.0, 1.0)
    patch = albedo[low[1] : high[1], low[0] : high[0]]
    rim = np.clip(1.0 - np.abs(inside) * 4.0, 0.0, 1.0) * (along < 0.5)
    patch *= (1.0 - 0.16 * rim)[..., None]
    pale = np.clip(patch * 1.06 + np.array([0.05, 0.025, 0.03], dtype=np.float32), 0.0, 1.0)
    free_edge = np.clip((along - 0.55) * 4.0, 0.0, 1.0)[..., None]
    pale += free_edge * 0.10
    blend(patch, pale, np.asarray(0.85 * plate, dtype=np.float32))


def _light(surface: Plane, albedo: Plane, light: Light, cm: float) -> Plane:
    """Shade the surface: wrapped diffuse light, creases, a little shine, warm shadows."""
    x, y, z = light.direction()
    slope_x = cv2.Sobel(surface, cv2.CV_32F, 1, 0, scale=0.125)
    slope_y = cv2.Sobel(surface, cv2.CV_32F, 0, 1, scale=0.125)
    length = np.sqrt(slope_x * slope_x + slope_y * slope_y + 1.0)
    facing = (z - x * slope_x - y * slope_y) / length
    diffuse = np.clip((facing + 0.35) / 1.35, 0.0, 1.0)
    hollow = np.clip((blur(surface, 0.45 * cm) - surface) / cm, 0.0, 1.0)
    crease = np.exp(-2.4 * hollow)
    brightness = (0.30 + 0.80 * diffuse) * crease
    steps = np.asarray(brightness * (255.0 / 1.1), dtype=np.uint8)
    colour = albedo * WARM_SHADOWS[steps]
    shine = np.maximum(facing, np.float32(0.0))
    for _ in range(4):
        shine *= shine
    gloss = np.float32(0.07) * shine * crease
    for channel in range(3):
        colour[..., channel] += gloss
    return np.asarray(np.clip(colour, 0.0, 1.0, out=colour), dtype=np.float32)
