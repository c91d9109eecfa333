"""Hands cut out of photographs, at the edges of what they hold, with a forearm."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.whole_pictures.canvas import FINE, Box, Canvas, Plane
from benchmarks.whole_pictures.stock import Hand
from cratewatch.evaluation.finding.quads import Quad, side_px


@dataclass(frozen=True)
class Grip:
    """Where a hand lies on the canvas: its middle, where its wrist points, and its size."""

    middle: npt.NDArray[np.float64]
    wrist_deg: float
    length_px: float


def hold(
    canvas: Canvas, quad: Quad, hands: list[Hand], rng: np.random.Generator, light: float
) -> None:
    """Lay hands over different edges of a quad, the lower ones as seen rather than the upper."""
    edges = sorted(range(4), key=lambda n: -_below(quad, n))[:3]
    chosen = rng.permutation(edges)[: len(hands)]
    cloth = _cloth_colour(rng) * light
    for hand, edge in zip(hands, chosen, strict=True):
        grip = _grip(quad, int(edge), rng)
        _lay_arm(canvas, grip, cloth, rng)
        _lay_hand(canvas, hand, grip, rng, light)


def _below(quad: Quad, edge: int) -> float:
    return float((quad[edge] + quad[(edge + 1) % 4])[1])


def _grip(quad: Quad, edge: int, rng: np.random.Generator) -> Grip:
    start, end = quad[edge], quad[(edge + 1) % 4]
    lower = rng.uniform(0.25, 0.95)
    low, high = (end, start) if end[1] > start[1] else (start, end)
    spot = high + lower * (low - high)
    middle = quad.mean(axis=0)
    along = (end - start) / max(1e-6, math.hypot(*(end - start)))
    outward = np.array([along[1], -along[0]])
    side = side_px(quad)
    spot = spot - outward * side * rng.uniform(-0.12, 0.1)
    # Arms hang down: they come from outside and from below.
    aim = outward + np.array([0, 0.6]) + 0.3 * (spot - middle) / side
    wrist_deg = math.degrees(math.atan2(aim[1], aim[0])) + rng.normal(0, 15)
    return Grip(spot * FINE, wrist_deg, side * FINE * rng.uniform(0.42, 0.62))


def _lay_arm(
    canvas: Canvas, grip: Grip, cloth: npt.NDArray[np.float64], rng: np.random.Generator
) -> None:
    """Lay a forearm in cloth from the wrist away from what is held."""
    towards = _direction(grip.wrist_deg)
    aside = np.array([-towards[1], towards[0]])
    start = grip.middle + towards * 0.3 * grip.length_px
    end = start + towards * grip.length_px * rng.uniform(1.2, 2.2)
    end += aside * grip.length_px * rng.normal(0, 0.2)
    thin, thick = 0.24 * grip.length_px, grip.length_px * rng.uniform(0.28, 0.36)
    outline = np.array(
        [start + aside * thin, end + aside * thick, end - aside * thick, start - aside * thin]
    )
    margin = thick + 6.0
    box = canvas.around(outline.min(axis=0) - margin, outline.max(axis=0) + margin)
    if box.empty:
        return
    stencil = np.zeros((box.bottom - box.top, box.right - box.left), np.uint8)
    points = np.round(outline - (box.left, box.top)).astype(np.int32)
    cv2.fillPoly(stencil, [points], 255, cv2.LINE_AA)
    elbow = np.round(end - (box.left, box.top)).astype(int)
    cv2.circle(stencil, (int(elbow[0]), int(elbow[1])), round(thick), 255, -1, cv2.LINE_AA)
    sharp = stencil.astype(np.float32) / np.float32(255)
    covered = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 1.5), np.float32)
    canvas.cover(box, _cloth(covered, cloth, rng), covered)


def _cloth_colour(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return a dull colour, as most clothes have."""
    colour = rng.uniform(0.05, 0.7, 3)
    return np.asarray(colour.mean() + rng.uniform(0.0, 0.5) * (colour - colour.mean()))


def _cloth(covered: Plane, colour: npt.NDArray[np.float64], rng: np.random.Generator) -> Plane:
    """Return cloth that is darker towards its outline, with folds."""
    height, width = covered.shape
    rounded = cv2.GaussianBlur(covered, (0, 0), max(2.0, 0.08 * min(height, width)))
    coarse = rng.uniform(0.8, 1.15, (6, 6)).astype(np.float32)
    folds = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    shade = (0.45 + 0.6 * rounded) * folds
    return np.clip(shade[..., None] * colour.astype(np.float32), 0, 1)


def _lay_hand(
    canvas: Canvas, hand: Hand, grip: Grip, rng: np.random.Generator, light: float
) -> None:
    rgba = hand.rgba
    wrist_deg = hand.wrist_deg if hand.wrist_deg is not None else float(rng.uniform(0, 360))
    if rng.random() < 0.5:
        rgba, wrist_deg = np.ascontiguousarray(rgba[:, ::-1]), 180 - wrist_deg
    height, width = rgba.shape[:2]
    scale = grip.length_px / max(height, width)
    if scale < 1:
        size = (max(4, round(width * scale)), max(4, round(height * scale)))
        rgba = np.asarray(cv2.resize(rgba, size, interpolation=cv2.INTER_AREA))
        height, width, scale = rgba.shape[0], rgba.shape[1], 1.0
    reach = 0.75 * grip.length_px
    box = canvas.around(grip.middle - reach, grip.middle + reach)
    if box.empty:
        return
    # OpenCV turns anticlockwise as seen; angles here run clockwise.
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), wrist_deg - grip.wrist_deg, scale)
    turn[:, 2] += grip.middle - (box.left, box.top) - (width / 2, height / 2)
    laid = cv2.warpAffine(_premultiplied(rgba), turn, (box.right - box.left, box.bottom - box.top))
    covered = np.clip(laid[..., 3], 0, 1)
    shown = laid[..., :3] / np.maximum(covered, 1e-3)[..., None]
    _shade(canvas, grip, np.asarray(covered, np.float32), box)
    canvas.cover(box, np.clip(shown * np.float32(light), 0, 1), np.asarray(covered, np.float32))


def _shade(canvas: Canvas, grip: Grip, covered: Plane, box: Box) -> None:
    """Darken what lies just beside a hand."""
    sigma = 0.04 * grip.length_px
    canvas.darken(box, np.asarray(cv2.GaussianBlur(covered, (0, 0), sigma), np.float32) * 0.3)


def _premultiplied(rgba: npt.NDArray[np.uint8]) -> Plane:
    """Return colours that fade to black with the opacity, so that no rim shows where it ends."""
    plane = rgba.astype(np.float32) / np.float32(255)
    plane[..., 3] = cv2.erode(plane[..., 3], np.ones((3, 3)))
    plane[..., :3] *= plane[..., 3:]
    return plane


def _direction(deg: float) -> npt.NDArray[np.float64]:
    return np.array([math.cos(math.radians(deg)), math.sin(math.radians(deg))])
