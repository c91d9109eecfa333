"""The colour of hands before light falls on them: skin, nails, creases, gloves."""

from typing import TypeAlias

import cv2
import numpy as np

from cratewatch.synthesis.hand import Hand
from cratewatch.synthesis.hand_anatomy import Vector
from cratewatch.synthesis.hand_pose import HandPose, Nail
from cratewatch.synthesis.pixels import (
    Colour,
    Plane,
    Stencil,
    blend,
    dim,
    soften,
    stream,
    value_noise,
)

Origin: TypeAlias = tuple[int, int]
"""Column and row of the canvas where the painted part begins."""
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


def draw_skin(hand: Hand, pose: HandPose, origin: Origin, shape: tuple[int, int]) -> Plane:
    """Return skin, or glove, over the whole of a part of the canvas (h, w, 3)."""
    rng = stream(hand.seed, "skin")
    albedo = np.empty((*shape, 3), dtype=np.float32)
    albedo[:] = hand.glove if hand.glove is not None else skin_colour(hand)
    mottle = value_noise(rng, shape, (7, 7)) * 0.035 + value_noise(rng, shape, (19, 19)) * 0.025
    mottle += value_noise(rng, shape, (max(2, shape[0] // 3), max(2, shape[1] // 3))) * 0.03
    dim(albedo, np.float32(1.0) + mottle)
    if hand.glove is None:
        _draw_joints(albedo, pose, origin)
        if hand.shows_palm:
            _draw_palm_lines(albedo, pose, origin)
        for nail in pose.nails:
            _draw_nail(albedo, nail, origin)
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


def _draw_joints(albedo: Plane, pose: HandPose, origin: Origin) -> None:
    """Give knuckles and fingertips more blood, and the joints their creases."""
    flush, folds = (np.zeros(albedo.shape[:2], dtype=np.uint8) for _ in range(2))
    for joints in pose.fingers:
        flat = joints[:, :2] - origin
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


def _draw_palm_lines(albedo: Plane, pose: HandPose, origin: Origin) -> None:
    """Draw the three great lines of a palm."""
    folds = np.zeros(albedo.shape[:2], dtype=np.uint8)
    for line in PALM_LINES:
        flat = line @ pose.to_canvas[:, :2].T + pose.to_canvas[:, 2] - origin
        cv2.polylines(folds, [np.rint(flat * 16).astype(np.int32)], False, 255, 1, cv2.LINE_AA, 4)
    depth = soften(folds, 0.09 * pose.cm)
    dim(albedo, np.float32(1.0) - np.float32(0.32) * depth)


def _draw_nail(albedo: Plane, nail: Nail, origin: Origin) -> None:
    length = float(np.linalg.norm(nail.axis))
    reach = length + nail.half_width + 1.0
    centre = nail.centre - origin
    low = np.floor(centre - reach).astype(int).clip(0)
    high = np.minimum(np.ceil(centre + reach).astype(int), albedo.shape[1::-1])
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
