"""Draws a figure from the ground up: legs, torso, arms, head, and what is carried.

All lengths are shares of the figure's height.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from cratewatch.finding.quads import Rgb
from cratewatch.words.figures.camera import HEIGHT_PX, WIDTH_PX, background, film, lit
from cratewatch.words.figures.outfit import (
    BARE_SHINS,
    LONG_BOTTOMS,
    SKIRTS,
    Outfit,
    colour_of,
    one_of,
)
from cratewatch.words.figures.palette import Paint, paint, skin

Point = tuple[float, float]
SHIFT = 4
"""Binary places of the coordinates that OpenCV is given."""
HIP, KNEE, ANKLE, NECK = 0.5, 0.73, 0.95, 0.155


@dataclass(frozen=True)
class Pose:
    """How a figure stands: from above to below it is 0 to 1, sideways about 0."""

    top_px: float
    height_px: float
    middle_px: float
    shoulder: float
    hip: float
    stride: float
    leg: float
    arm: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Pose:
        """Return a pose, drawn at random."""
        top = rng.uniform(8, 26)
        shoulder = rng.uniform(0.10, 0.125) * (0.7 if rng.random() < 0.35 else 1.0)
        return cls(
            top_px=top,
            height_px=rng.uniform(232, 252) - top,
            middle_px=WIDTH_PX / 2 + rng.normal() * 5,
            shoulder=shoulder,
            hip=shoulder * rng.uniform(0.65, 0.9),
            stride=rng.uniform(0.02, 0.13) * (1.0 if rng.random() < 0.5 else 0.4),
            leg=rng.uniform(0.065, 0.09),
            arm=rng.uniform(0.045, 0.06),
        )


class _Canvas:
    """Paints shapes of a pose, and notes where."""

    def __init__(self, pose: Pose) -> None:
        self.pose = pose
        self.rgba = np.zeros((HEIGHT_PX, WIDTH_PX, 4), np.float32)

    def shape(self, corners: Sequence[Point], colour: Paint) -> None:
        points = np.array([self._place(one) for one in corners], np.int32)
        cv2.fillPoly(self.rgba, [points], _opaque(colour), cv2.LINE_AA, SHIFT)

    def limb(self, joints: Sequence[Point], colour: Paint, width: float) -> None:
        points = np.array([self._place(one) for one in joints], np.int32)
        thick = max(1, round(width * self.pose.height_px))
        cv2.polylines(self.rgba, [points], False, _opaque(colour), thick, cv2.LINE_AA, SHIFT)

    def oval(self, middle: Point, radii: Point, colour: Paint, until_deg: int = 360) -> None:
        """Paint an ellipse, or with 180 its upper half."""
        size = [round(one * self.pose.height_px * (1 << SHIFT)) for one in radii]
        cv2.ellipse(
            self.rgba,
            self._place(middle),
            (size[0], size[1]),
            180.0,
            0.0,
            float(until_deg),
            _opaque(colour),
            -1,
            cv2.LINE_AA,
            SHIFT,
        )

    def _place(self, point: Point) -> tuple[int, int]:
        x = self.pose.middle_px + point[0] * self.pose.height_px
        y = self.pose.top_px + point[1] * self.pose.height_px
        return round(x * (1 << SHIFT)), round(y * (1 << SHIFT))


def draw_figure(outfit: Outfit, rng: np.random.Generator) -> Rgb:
    """Return a picture (HEIGHT_PX, WIDTH_PX, 3) of somebody who wears that, by some camera."""
    canvas = _Canvas(Pose.draw(rng))
    body = skin(rng)
    _legs(canvas, outfit, body, rng)
    cloth = paint(outfit.colours["upper"], rng)
    _torso(canvas, outfit, cloth, rng)
    hand = _arms(canvas, outfit, (cloth, body), rng)
    _head(canvas, outfit, body, rng)
    _carried(canvas, outfit, hand, rng)
    painted, covers = canvas.rgba[..., :3], canvas.rgba[..., 3:]
    return film(lit(painted, rng) * covers + background(rng) * (1 - covers), rng)


def _legs(canvas: _Canvas, outfit: Outfit, body: Paint, rng: np.random.Generator) -> None:
    pose, cloth = canvas.pose, paint(outfit.colours["lower"], rng)
    shoes = paint(outfit.colours["feet"], rng)
    bare = body if rng.random() < BARE_SHINS else paint("black", rng)
    turned = rng.choice([-1.0, 1.0]) if rng.random() < 0.35 else 0.0
    for side in (-1, 1):
        hip = (side * pose.hip * 0.5, HIP)
        knee = (side * (pose.hip * 0.45 + pose.stride * 0.5) + rng.normal() * 0.01, KNEE)
        ankle = (
            side * (pose.hip * 0.4 + pose.stride) + rng.normal() * 0.01,
            ANKLE - abs(rng.normal()) * 0.02,
        )
        shin = cloth if outfit.bottom in LONG_BOTTOMS else bare
        canvas.limb((knee, ankle), shin, pose.leg * (0.85 if shin is cloth else 0.6))
        canvas.limb((hip, knee), bare if outfit.bottom == "skirt" else cloth, pose.leg)
        if outfit.bottom == "capri":
            half = ((knee[0] + ankle[0]) / 2, (knee[1] + ankle[1]) / 2)
            canvas.limb((knee, half), cloth, pose.leg * 0.85)
        toes = (turned or side * 0.4) * pose.leg * 0.4
        size = (pose.leg * rng.uniform(0.5, 0.8), 0.02)
        canvas.oval((ankle[0] + toes, ankle[1] + 0.012), size, shoes)
    if outfit.bottom in SKIRTS:
        end = KNEE - rng.uniform(0, 0.08) if outfit.bottom == "skirt" else rng.uniform(0.85, 0.93)
        flare = pose.hip * rng.uniform(1.0, 1.6) + pose.stride * 0.3
        canvas.shape(((-pose.hip, 0.46), (pose.hip, 0.46), (flare, end), (-flare, end)), cloth)
    waist = ((-pose.hip, 0.45), (pose.hip, 0.45), (pose.hip, 0.53), (-pose.hip, 0.53))
    canvas.shape(waist, cloth)


def _torso(canvas: _Canvas, outfit: Outfit, cloth: Paint, rng: np.random.Generator) -> None:
    shoulder, hip = canvas.pose.shoulder, canvas.pose.hip * 1.1
    hem = rng.uniform(0.48, 0.58)
    if outfit.top == "jacket" and rng.random() < 0.25:
        hem = rng.uniform(0.6, 0.72)
    right = ((shoulder * 0.5, NECK), (shoulder, 0.195), (hip, hem))
    left = tuple((-x, y) for x, y in reversed(right))
    canvas.shape((*right, *left), cloth)
    if outfit.second and outfit.pattern:
        _pattern(canvas, outfit, right + left, rng)
    elif outfit.second:
        _opening(canvas, paint(outfit.second, rng), hem, rng)


def _pattern(
    canvas: _Canvas, outfit: Outfit, outline: Sequence[Point], rng: np.random.Generator
) -> None:
    pose = canvas.pose
    inside = _Canvas(pose)
    inside.shape(outline, np.ones(3, np.float32))
    rows, columns = np.mgrid[:HEIGHT_PX, :WIDTH_PX]
    period = rng.uniform(6, 14)
    middle = pose.top_px + 0.28 * pose.height_px
    radius = pose.shoulder * 0.4 * pose.height_px
    where = {
        "striped": rows % period < period / 2,
        "plaid": (rows % period < period * 0.4) | (columns % period < period * 0.4),
        "logo": (rows - middle) ** 2 + (columns - pose.middle_px) ** 2 < radius**2,
    }[outfit.pattern]
    where = where & (inside.rgba[..., 3] > 0.5)
    assert outfit.second
    over = paint(outfit.second, rng)
    canvas.rgba[where, :3] = 0.3 * canvas.rgba[where, :3] + 0.7 * over


def _opening(canvas: _Canvas, below: Paint, hem: float, rng: np.random.Generator) -> None:
    """Paint what is seen below an open jacket."""
    half = canvas.pose.shoulder * rng.uniform(0.15, 0.35)
    ends = (half * rng.uniform(0.1, 1), hem), (-half * 0.2, hem)
    canvas.shape(((-half, 0.17), (half, 0.17), *ends), below)


def _arms(
    canvas: _Canvas, outfit: Outfit, paints: tuple[Paint, Paint], rng: np.random.Generator
) -> Point:
    """Paint them with cloth and skin, and return where a hand is."""
    pose, (cloth, body) = canvas.pose, paints
    hand = (0.0, 0.0)
    for side in (-1, 1):
        shoulder = (side * pose.shoulder * 0.88, 0.21)
        elbow = (shoulder[0] + side * rng.uniform(0, 0.05), rng.uniform(0.32, 0.36))
        hand = (elbow[0] + side * rng.uniform(-0.12, 0.05), elbow[1] + rng.uniform(-0.02, 0.14))
        if outfit.sleeves == "long_sleeves":
            canvas.limb((shoulder, elbow, hand), cloth, pose.arm)
        else:
            canvas.limb((shoulder, elbow, hand), body, pose.arm * 0.7)
        if outfit.sleeves == "short_sleeves":
            end = (shoulder[0] * 0.35 + elbow[0] * 0.65, shoulder[1] * 0.35 + elbow[1] * 0.65)
            canvas.limb((shoulder, end), cloth, pose.arm)
        canvas.oval((hand[0], hand[1] + 0.015), (0.014, 0.02), body)
    return hand


def _opaque(colour: Paint) -> tuple[float, float, float, float]:
    red, green, blue = map(float, colour)
    return red, green, blue, 1.0


def _head(canvas: _Canvas, outfit: Outfit, body: Paint, rng: np.random.Generator) -> None:
    hair, wide, middle = paint(outfit.colours["hair"], rng), rng.uniform(0.045, 0.055), 0.075
    faces = outfit.faces
    if outfit.long_hair and (not faces or rng.random() < 0.7):
        _fall(canvas, hair, wide, rng)
    canvas.limb(((0, middle), (0, 0.16)), body, 0.05)
    canvas.oval((0, middle), (wide, 0.066), body)
    if faces:
        canvas.oval((0, middle - 0.016), (wide * 1.05, 0.053), hair, 180)
    else:
        canvas.oval((0, middle - 0.01), (wide * 1.05, 0.06), hair)
    if outfit.long_hair and faces:
        for side in (-1, 1):
            canvas.limb(((side * wide, 0.055), (side * wide * 1.1, 0.18)), hair, wide * 0.6)
    elif outfit.long_hair:
        _fall(canvas, hair, wide, rng)
    if outfit.hat:
        hat = paint(colour_of("upper", rng), rng)
        canvas.oval((0, middle - 0.016), (wide * 1.15, 0.06), hat, 180)
        canvas.limb(((-wide * 1.5, middle - 0.02), (wide * 1.1, middle - 0.02)), hat, 0.012)


def _fall(canvas: _Canvas, hair: Paint, wide: float, rng: np.random.Generator) -> None:
    end = rng.uniform(0.17, 0.28)
    canvas.shape(
        ((-wide * 1.05, 0.055), (wide * 1.05, 0.055), (wide * 1.3, end), (-wide * 1.3, end)), hair
    )


def _carried(canvas: _Canvas, outfit: Outfit, hand: Point, rng: np.random.Generator) -> None:
    pose, side = canvas.pose, float(rng.choice([-1, 1]))
    cloth = paint(colour_of("upper", rng), rng)
    if outfit.carried == "backpack" and outfit.faces:
        for one in (-1, 1):
            strap = ((one * pose.shoulder * 0.5, 0.16), (one * pose.shoulder * 0.6, 0.33))
            canvas.limb(strap, cloth, 0.02)
    elif outfit.carried == "backpack":
        aside = side * pose.shoulder * 1.2 if rng.random() < 0.35 else 0.0
        canvas.oval((aside, 0.31), (pose.shoulder * 0.8, 0.12), cloth)
    elif outfit.carried == "bag":
        x, y, size = side * pose.shoulder * rng.uniform(0.8, 1.3), rng.uniform(0.42, 0.55), 0.065
        size *= rng.uniform(0.8, 1.2)
        end = -side if rng.random() < 0.5 else side
        canvas.limb(((end * pose.shoulder * 0.6, 0.16), (x, y)), cloth, 0.013)
        half = size * 0.7
        canvas.shape(
            (
                (x - size, y - half),
                (x + size, y - half),
                (x + size, y + half),
                (x - size, y + half),
            ),
            cloth,
        )
    elif outfit.carried == "plastic_bag":
        x, y = hand
        thin = paint(one_of({"white": 3, "red": 1, "yellow": 1, "blue": 1}, rng), rng)
        canvas.shape(
            ((x - 0.035, y), (x + 0.035, y), (x + 0.05, y + 0.13), (x - 0.05, y + 0.13)), thin
        )
