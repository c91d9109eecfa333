"""Imitated photographs of figures: stages, crowds, dancers."""

import cv2
import numpy as np

from cratewatch.demo.artwork.canvas import Mask, Pixels, chance, lay, pick, plane, toned
from cratewatch.demo.artwork.noise import fractal, grained
from cratewatch.demo.artwork.palette import Palette
from cratewatch.demo.artwork.people import SKINS

_SIDE_PX = 300
Point = tuple[float, float]


def stage(rng: np.random.Generator, palette: Palette) -> Pixels:
    """A player in spotlights, from afar."""
    x, y = plane(_SIDE_PX)
    tone = np.full_like(x, 0.08)
    for _ in range(int(rng.integers(2, 6))):
        foot, lean = rng.uniform(-1, 1), rng.uniform(-0.7, 0.7)
        spread = np.abs(x - np.float32(foot) - np.float32(lean) * (y + 1)) / (0.08 + 0.13 * (y + 1))
        tone += np.exp(-(spread**2)) * rng.uniform(0.25, 0.7)
    tone *= 0.6 + 0.4 * fractal(rng, _SIDE_PX, 5)
    picture = toned(np.clip(tone, 0, 1), (palette.ink, *palette.accents[:2], palette.paper))
    for _ in range(int(rng.integers(1, 4))):
        at = rng.uniform(40, 260), rng.uniform(95, 140)
        picture = lay(picture, (8, 6, 10), _player(rng, at, rng.uniform(90, 160)))
    _fill_with_heads(picture, rng, top=250, size=9)
    return grained(rng, picture, 9)


def crowd(rng: np.random.Generator, palette: Palette) -> Pixels:
    picture = toned(fractal(rng, _SIDE_PX, 3), (palette.colours[1], palette.paper))
    _fill_with_heads(picture, rng, top=int(rng.integers(20, 130)), size=rng.uniform(8, 17))
    return grained(rng, picture, 8)


def dancers(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Flat figures on bright ground."""
    picture = toned(fractal(rng, _SIDE_PX, 2, octaves=2), (palette.accents[1], palette.paper))
    for _ in range(int(rng.integers(2, 7))):
        at = rng.uniform(30, 270), rng.uniform(60, 150)
        colour = pick(rng, (palette.ink, *palette.accents))
        picture = lay(picture, colour, _player(rng, at, rng.uniform(90, 200)))
    return picture


def _player(rng: np.random.Generator, head: Point, height: float) -> Mask:
    """Return a standing figure with bent limbs, some with a guitar."""
    mask = np.zeros((_SIDE_PX, _SIDE_PX), np.uint8)
    x, y = head
    unit = height / 8
    neck, hip = (x, y + unit), (x + rng.uniform(-1, 1) * unit, y + 4 * unit)
    cv2.circle(mask, _at(head), round(unit * 0.62), 255, -1, cv2.LINE_AA)
    cv2.line(mask, _at(neck), _at(hip), 255, round(unit * 1.5), cv2.LINE_AA)
    for side in (-1, 1):
        leg, arm = (hip[0] + side * unit * 0.35, hip[1]), (x + side * unit * 0.7, y + unit * 1.4)
        _limb(mask, leg, (side * 0.4, 1), (unit * 2.1, unit * 0.75), rng)
        aim = side * rng.uniform(0.2, 1), rng.uniform(-0.7, 1)
        _limb(mask, arm, aim, (unit * 1.6, unit * 0.5), rng)
    if chance(rng, 0.6):
        _guitar(mask, (hip[0], hip[1] - unit), unit, rng.uniform(-60, 30))
    return mask


def _guitar(mask: Mask, middle: Point, unit: float, angle: float) -> None:
    axes = round(unit * 1.1), round(unit * 0.8)
    cv2.ellipse(mask, _at(middle), axes, angle, 0, 360, 255, -1)
    neck = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))]) * unit * 3.6
    end = middle[0] + neck[0], middle[1] + neck[1]
    cv2.line(mask, _at(middle), _at(end), 255, max(2, round(unit * 0.22)), cv2.LINE_AA)


def _limb(
    mask: Mask, start: Point, aim: Point, size: tuple[float, float], rng: np.random.Generator
) -> None:
    """Draw two bones of equal length and thickness, each somewhat off the aim."""
    length, thick = size
    x, y = start
    dx, dy = aim
    for _ in range(2):
        dx, dy = dx + rng.uniform(-0.35, 0.35), dy + rng.uniform(-0.35, 0.35)
        step = length / float(np.hypot(dx, dy))
        end = x + dx * step, y + dy * step
        cv2.line(mask, _at((x, y)), _at(end), 255, max(1, round(thick)), cv2.LINE_AA)
        x, y = end


def _at(point: Point) -> tuple[int, int]:
    return round(point[0]), round(point[1])


def _fill_with_heads(picture: Pixels, rng: np.random.Generator, top: int, size: float) -> None:
    y = float(top)
    while y < _SIDE_PX + size:
        grow = size * (0.7 + 0.9 * (y - top) / _SIDE_PX)
        for x in np.arange(0, _SIDE_PX + grow, grow * 1.7):
            _add_head(picture, rng, (x + rng.uniform(-4, 4), y + rng.uniform(-4, 4)), grow)
        y += grow * 1.3


def _add_head(picture: Pixels, rng: np.random.Generator, at: Point, size: float) -> None:
    shade, light = int(rng.integers(10, 70)), rng.uniform(0.4, 1)
    skin = [int(value * light) for value in pick(rng, SKINS)[1]]
    round_ = (round(size * 0.62),) * 2
    body = at[0], at[1] + size * 1.6
    crown = at[0], at[1] - size * 0.2
    cv2.ellipse(
        picture, _at(body), (round(size * 1.2), round(size)), 0, 0, 360, [shade // 2] * 3, -1
    )
    cv2.ellipse(picture, _at(at), round_, 0, 0, 360, skin, -1, cv2.LINE_AA)
    cv2.ellipse(picture, _at(crown), round_, 0, 180, 360, [shade] * 3, -1, cv2.LINE_AA)
