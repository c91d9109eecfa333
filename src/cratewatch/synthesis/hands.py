"""Painting a posed hand: a height field of its bones, lit like skin."""

from dataclasses import dataclass

import cv2
import numpy as np

from cratewatch.synthesis.hand import Hand
from cratewatch.synthesis.hand_anatomy import Bone
from cratewatch.synthesis.hand_pose import HandPose, pose_hand
from cratewatch.synthesis.lighting import Light
from cratewatch.synthesis.pixels import Corners, Plane, blend, blur, stream, tint, value_noise
from cratewatch.synthesis.skin import draw_skin

WARM_SHADOWS = np.linspace(0.0, 1.1, 256)[:, None] ** np.array([0.90, 1.03, 1.07])
WARM_SHADOWS = WARM_SHADOWS.astype(np.float32)
"""Gain of each channel by brightness 0..1.1: light that went through skin comes out red."""
FAR_BELOW = -1e4


@dataclass(frozen=True)
class HandShape:
    """A hand's outline on its part of the canvas.

    Attributes:
        left_px: Column of the part's first pixel.
        top_px: Row of the part's first pixel.
        whole: (h, w) coverage of all that is drawn before the sleeve.
        front: (h, w) coverage of what lies over the sleeve.
    """

    left_px: int
    top_px: int
    whole: Plane
    front: Plane

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the canvas that the part covers."""
        height, width = self.whole.shape
        return slice(self.top_px, self.top_px + height), slice(self.left_px, self.left_px + width)


@dataclass(frozen=True)
class PaintedHand(HandShape):
    """A hand with its colour.

    Attributes:
        colour: (h, w, 3), lit.
        cm: Pixels in a centimetre of hand.
    """

    colour: Plane
    cm: float


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
    return PaintedHand(relief.left, relief.top, relief.whole, relief.front, colour, pose.cm)


def outline_hand(hand: Hand, corners_px: Corners, side_px: int) -> HandShape | None:
    """Return the outline that paint_hand fills with colour."""
    relief = _relief(pose_hand(hand, corners_px), side_px)
    if relief is None:
        return None
    return HandShape(relief.left, relief.top, relief.whole, relief.front)


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
    rng = stream(hand.seed, "cloth")
    shape = relief.whole.shape
    albedo = draw_skin(hand, pose, (relief.left, relief.top), shape)
    if hand.cuff is not None:
        weave = np.float32(1.0) + np.float32(0.14) * value_noise(rng, shape, (9, 13))
        blend(albedo, tint(weave, hand.cuff.colour), blur(cuffed, 0.5))
    return albedo


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
