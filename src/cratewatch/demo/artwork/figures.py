"""Imitated photographs of figures: stages, crowds, dancers."""

import numpy as np

from cratewatch.demo.artwork import pen
from cratewatch.demo.artwork.canvas import (
    PHOTO_SIDE_PX,
    Mask,
    Pixels,
    chance,
    lay,
    pick,
    plane,
    toned,
)
from cratewatch.demo.artwork.noise import fractal, grained
from cratewatch.demo.artwork.palette import Palette
from cratewatch.demo.artwork.people import SKINS

Point = tuple[float, float]


def stage(rng: np.random.Generator, palette: Palette) -> Pixels:
    """A player in spotlights, from afar."""
    x, y = plane(PHOTO_SIDE_PX)
    tone = np.full_like(x, 0.08)
    for _ in range(int(rng.integers(2, 6))):
        foot, lean = rng.uniform(-1, 1), rng.uniform(-0.7, 0.7)
        spread = np.abs(x - np.float32(foot) - np.float32(lean) * (y + 1)) / (0.08 + 0.13 * (y + 1))
        tone += np.exp(-(spread**2)) * rng.uniform(0.25, 0.7)
    tone *= 0.6 + 0.4 * fractal(rng, PHOTO_SIDE_PX, 5)
    picture = toned(np.clip(tone, 0, 1), (palette.ink, *palette.accents[:2], palette.paper))
    for _ in range(int(rng.integers(1, 4))):
        at = rng.uniform(40, 260), rng.uniform(95, 140)
        picture = lay(picture, (8, 6, 10), _player(rng, at, rng.uniform(90, 160)))
    _fill_with_heads(picture, rng, top=250, size=9)
    return grained(rng, picture, 9)


def crowd(rng: np.random.Generator, palette: Palette) -> Pixels:
    picture = toned(fractal(rng, PHOTO_SIDE_PX, 3), (palette.colours[1], palette.paper))
    _fill_with_heads(picture, rng, top=int(rng.integers(20, 130)), size=rng.uniform(8, 17))
    return grained(rng, picture, 8)


def dancers(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Flat figures on bright ground."""
    picture = toned(fractal(rng, PHOTO_SIDE_PX, 2, octaves=2), (palette.accents[1], palette.paper))
    for _ in range(int(rng.integers(2, 7))):
        at = rng.uniform(30, 270), rng.uniform(60, 150)
        colour = pick(rng, (palette.ink, *palette.accents))
        picture = lay(picture, colour, _player(rng, at, rng.uniform(90, 200)))
    return picture


def _player(rng: np.random.Generator, head: Point, height: float) -> Mask:
    """Return a standing figure with bent limbs, some with a guitar."""
    mask = np.zeros((PHOTO_SIDE_PX, PHOTO_SIDE_PX), np.uint8)
    x, y = head
    unit = height / 8
    hip = x + rng.uniform(-1, 1) * unit, y + 4 * unit
    pen.circle(mask, head, unit * 0.62, pen.OPAQUE)
    pen.line(mask, ((x, y + unit), hip), pen.OPAQUE, unit * 1.5)
    for side in (-1, 1):
        leg, arm = (hip[0] + side * unit * 0.35, hip[1]), (x + side * unit * 0.7, y + unit * 1.4)
        _limb(mask, leg, (side * 0.4, 1), (unit * 2.1, unit * 0.75), rng)
        aim = side * rng.uniform(0.2, 1), rng.uniform(-0.7, 1)
        _limb(mask, arm, aim, (unit * 1.6, unit * 0.5), rng)
    if chance(rng, 0.6):
        _guitar(mask, (hip[0], hip[1] - unit), unit, rng.uniform(-60, 30))
    return mask


def _guitar(mask: Mask, middle: Point, unit: float, turn: float) -> None:
    pen.ellipse(mask, middle, (unit * 1.1, unit * 0.8, turn), pen.OPAQUE)
    reach = unit * 3.6
    end = middle[0] + reach * np.cos(np.radians(turn)), middle[1] + reach * np.sin(np.radians(turn))
    pen.line(mask, (middle, end), pen.OPAQUE, max(2, unit * 0.22))


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
        pen.line(mask, ((x, y), end), pen.OPAQUE, thick)
        x, y = end


def _fill_with_heads(picture: Pixels, rng: np.random.Generator, top: int, size: float) -> None:
    y = float(top)
    while y < PHOTO_SIDE_PX + size:
        grow = size * (0.7 + 0.9 * (y - top) / PHOTO_SIDE_PX)
        for x in np.arange(0, PHOTO_SIDE_PX + grow, grow * 1.7):
            _add_head(picture, rng, (x + rng.uniform(-4, 4), y + rng.uniform(-4, 4)), grow)
        y += grow * 1.3


def _add_head(picture: Pixels, rng: np.random.Generator, at: Point, size: float) -> None:
    shade, light = int(rng.integers(10, 70)), rng.uniform(0.4, 1)
    red, green, blue = (int(value * light) for value in pick(rng, SKINS)[1])
    x, y = at
    pen.ellipse(picture, (x, y + size * 1.6), (size * 1.2, size, 0), (shade // 2,) * 3)
    pen.circle(picture, at, size * 0.62, (red, green, blue))
    pen.dome(picture, (x, y - size * 0.2), (size * 0.62, size * 0.62), (shade,) * 3)
