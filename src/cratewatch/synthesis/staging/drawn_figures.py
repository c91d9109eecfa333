"""Figures that are drawn, for where no picture of a person may be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.synthesis.backgrounds import sample_cloth_colour
from cratewatch.synthesis.pixels import Colour, Plane, Rgb, value_noise
from cratewatch.synthesis.skin import SKIN_RAMP
from cratewatch.synthesis.staging.cast import Figure

TALL_PX, WIDE_PX = 640, 288
STEPS = 4
"""Pictures of one figure: it shifts its weight."""
Limb = Sequence[tuple[float, float, float]]
"""Points x, y from the middle of the head's top, and radii there, in heights of the figure."""


@dataclass(frozen=True)
class Looks:
    """What a figure wears and how it is built."""

    skin: Colour
    hair: Colour
    top: Colour
    trousers: Colour
    shoes: Colour
    girth: float
    long_hair: bool
    long_sleeves: bool
    seed: int


def draw_figure(rng: np.random.Generator) -> Figure:
    """Draw somebody who stands and shifts his weight."""
    looks = _looks(rng)
    shifts = np.linspace(-1.0, 1.0, STEPS)
    return Figure(tuple(_draw(looks, float(shift)) for shift in shifts), fps=3.0)


def _looks(rng: np.random.Generator) -> Looks:
    skin = SKIN_RAMP[int(rng.integers(len(SKIN_RAMP)))]
    dark = float(rng.uniform(0.03, 0.35))
    return Looks(
        skin=(float(skin[0]), float(skin[1]), float(skin[2])),
        hair=(dark, 0.75 * dark, 0.55 * dark),
        top=sample_cloth_colour(rng),
        trousers=(0.5 * dark, 0.5 * dark, 0.55 * dark + 0.08),
        shoes=(0.12, 0.1, 0.09),
        girth=float(rng.uniform(0.9, 1.2)),
        long_hair=bool(rng.random() < 0.4),
        long_sleeves=bool(rng.random() < 0.6),
        seed=int(rng.integers(2**32)),
    )


def _draw(looks: Looks, shift: float) -> Rgb:
    """Return one picture, (TALL_PX, WIDE_PX, 4)."""
    canvas = np.zeros((TALL_PX, WIDE_PX, 4), np.float32)
    rng = np.random.default_rng(looks.seed)
    sway, wide = 0.008 * shift, looks.girth
    for side in (-1, 1):
        foot, knee = 0.055 * side, 0.058 * side + 0.5 * sway
        _lay(canvas, [(foot, 0.955, 0.024), (foot + 0.022 * side, 0.972, 0.02)], looks.shoes, rng)
        hip = 0.05 * side + sway
        leg = [(hip, 0.53, 0.062 * wide), (knee, 0.74, 0.044 * wide), (foot, 0.94, 0.03)]
        _lay(canvas, leg, looks.trousers, rng)
    if looks.long_hair:
        _lay(canvas, [(sway, 0.06, 0.056), (sway, 0.19, 0.062)], looks.hair, rng)
    torso = [(sway, 0.215, 0.075), (sway, 0.25, 0.108 * wide), (sway, 0.36, 0.098 * wide)]
    _lay(canvas, [*torso, (sway, 0.53, 0.1 * wide)], looks.top, rng)
    for side in (-1, 1):
        _draw_arm(canvas, looks, side, sway, rng)
    _lay(canvas, [(sway, 0.13, 0.034), (sway, 0.185, 0.036)], looks.skin, rng)
    _draw_head(canvas, looks, sway, rng)
    canvas[..., 3] = np.clip(canvas[..., 3], 0, 1)
    return np.asarray(np.rint(np.clip(canvas, 0, 1) * 255), np.uint8)


def _draw_arm(
    canvas: Plane, looks: Looks, side: int, sway: float, rng: np.random.Generator
) -> None:
    """Draw an arm that is bent to hold something before the chest."""
    shoulder, elbow = (0.112 * looks.girth * side + sway, 0.225), (0.155 * side + sway, 0.375)
    hand = (0.085 * side + sway, 0.415)
    cloth = looks.top if looks.long_sleeves else looks.skin
    _lay(canvas, [(*elbow, 0.031), (*hand, 0.024)], cloth, rng)
    _lay(canvas, [(*hand, 0.026), (hand[0] - 0.02 * side, hand[1] - 0.01, 0.02)], looks.skin, rng)
    _lay(canvas, [(*shoulder, 0.045), (*elbow, 0.034)], looks.top, rng)


def _draw_head(canvas: Plane, looks: Looks, sway: float, rng: np.random.Generator) -> None:
    _lay(canvas, [(sway, 0.052, 0.05), (sway, 0.066, 0.049)], looks.hair, rng)
    _lay(canvas, [(sway, 0.074, 0.044), (sway, 0.1, 0.036)], looks.skin, rng)
    _lay(canvas, [(sway - 0.03, 0.036, 0.024), (sway + 0.03, 0.036, 0.024)], looks.hair, rng)
    dark: Colour = (0.12, 0.08, 0.07)
    for side in (-1, 1):
        eye = sway + 0.017 * side
        _lay(canvas, [(eye - 0.004, 0.073, 0.004), (eye + 0.004, 0.073, 0.004)], dark, rng)
    nose: Colour = (0.8 * looks.skin[0], 0.75 * looks.skin[1], 0.75 * looks.skin[2])
    _lay(canvas, [(sway, 0.078, 0.004), (sway, 0.089, 0.006)], nose, rng)
    lips: Colour = (0.75 * looks.skin[0], 0.5 * looks.skin[1], 0.5 * looks.skin[2])
    _lay(canvas, [(sway - 0.011, 0.108, 0.004), (sway + 0.011, 0.108, 0.004)], lips, rng)


def _lay(canvas: Plane, limb: Limb, colour: Colour, rng: np.random.Generator) -> None:
    """Lay a limb, round and with folds, onto the figure."""
    shape = _outline(limb)
    rows, columns = np.flatnonzero(shape.any(axis=1)), np.flatnonzero(shape.any(axis=0))
    box = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    part = shape[box]
    depth = cv2.distanceTransform(np.pad(part, 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    thick = max(float(depth.max()), 1.0)
    light = 0.45 + 0.55 * np.sqrt(np.clip(depth / thick, 0, 1))
    light += 0.07 * value_noise(rng, part.shape, (6, 4))
    light *= np.linspace(1.08, 0.88, part.shape[1], dtype=np.float32)[None, :]
    cover = part.astype(np.float32)[..., None] / np.float32(255)
    paint = light[..., None].astype(np.float32) * np.asarray(colour, np.float32)
    under = canvas[box]
    under[..., :3] += cover * (paint - under[..., :3])
    np.maximum(under[..., 3:], cover, out=under[..., 3:])


def _outline(limb: Limb) -> npt.NDArray[np.uint8]:
    """Return (TALL_PX, WIDE_PX) coverage of capsules from point to point."""
    mask = np.zeros((TALL_PX, WIDE_PX), np.uint8)
    points = np.asarray(limb, np.float64) * TALL_PX + (WIDE_PX / 2, 0.0, 0.0)
    for start, end in pairwise(points):
        along = (end - start)[:2]
        length = max(float(np.hypot(*along)), 1e-6)
        aside = np.array([-along[1], along[0]]) / length
        corners = [start[:2] + aside * start[2], end[:2] + aside * end[2]]
        corners += [end[:2] - aside * end[2], start[:2] - aside * start[2]]
        cv2.fillConvexPoly(mask, np.rint(np.array(corners) * 16).astype(np.int32), 255, 16, 4)
    for x, y, radius in points:
        at = (round(x * 16), round(y * 16))
        cv2.circle(mask, at, max(1, round(radius * 16)), 255, -1, cv2.LINE_AA, 4)
    return mask
