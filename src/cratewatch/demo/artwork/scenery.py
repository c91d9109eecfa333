"""Imitated photographs of places and skies."""

import cv2
import numpy as np

from cratewatch.demo.artwork import pen
from cratewatch.demo.artwork.canvas import (
    PHOTO_SIDE_PX,
    Colour,
    Pixels,
    chance,
    lay,
    pick,
    plane,
    toned,
)
from cratewatch.demo.artwork.noise import Cells, fractal, grained, ridged, stretched
from cratewatch.demo.artwork.palette import Palette

_GROUNDS: tuple[Cells, ...] = (5, 9, (1, 9), (1, 20))
_SKIES = (
    ((30, 60, 120), (120, 170, 220), (240, 240, 235)),
    ((40, 20, 60), (220, 90, 70), (255, 210, 120)),
    ((15, 15, 35), (50, 70, 110), (170, 180, 200)),
    ((120, 120, 125), (190, 190, 190), (235, 232, 225)),
)


def mountains(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Ridges, the nearer the darker, under a sky, with a sun or moon."""
    sky = _sky_colours(rng, palette)
    picture = _sky(rng, sky)
    _add_sun(picture, rng, palette)
    horizon, n = rng.uniform(90, 170), int(rng.integers(2, 6))
    near = pick(rng, ((12, 18, 14), (25, 18, 12), palette.ink))
    rows = np.arange(PHOTO_SIDE_PX, dtype=np.float32)[:, None]
    for i in range(n):
        depth = (i + 1) / n
        roughness = fractal(rng, PHOTO_SIDE_PX, (int(rng.integers(2, 7)), 1), fall=0.5)[0]
        ridge = horizon + depth * 110 - roughness * rng.uniform(40, 130)
        rock = fractal(rng, PHOTO_SIDE_PX, 7, octaves=4, fall=0.8) * 0.7 + 0.3 * (1 - depth)
        colour = _between(sky[1], near, depth)
        picture = lay(
            picture, toned(rock, (_darker(colour, 0.45), colour, _between(colour, sky[2], 0.3))),
            (np.clip(rows - ridge, 0, 1) * 255).astype(np.uint8),
        )  # fmt: skip
    return grained(rng, picture, 5)


def sea(rng: np.random.Generator, palette: Palette) -> Pixels:
    sky = _sky_colours(rng, palette)
    picture = _sky(rng, sky)
    _add_sun(picture, rng, palette)
    horizon = int(rng.uniform(90, 210))
    swell = fractal(rng, PHOTO_SIDE_PX, (5, 40), octaves=3, fall=0.8)[horizon:]
    if chance(rng, 0.5):
        swell = (
            0.6 * swell
            + 0.4 * np.asarray(picture[horizon - 1 :: -1][: len(swell)].mean(2) / 255).mean()
        )
    picture[horizon:] = toned(swell.astype(np.float32), (_darker(sky[0], 0.5), sky[0], sky[2]))
    if chance(rng, 0.6):
        _add_boat(picture, rng, horizon)
    return grained(rng, picture, 5)


def clouds(rng: np.random.Generator, palette: Palette) -> Pixels:
    tone = fractal(rng, PHOTO_SIDE_PX, (int(rng.integers(2, 5)), int(rng.integers(2, 7))), fall=0.6)
    return grained(rng, toned(np.clip(tone * 1.8 - 0.45, 0, 1), _sky_colours(rng, palette)), 4)


def skyline(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Rows of houses with lit windows."""
    sky = _sky_colours(rng, palette)
    picture = _sky(rng, sky)
    rows = int(rng.integers(2, 5))
    for row in range(rows):
        base = _between(sky[1], palette.ink, (row + 1) / rows)
        x = int(rng.integers(-20, 0))
        while x < PHOTO_SIDE_PX:
            width = int(rng.integers(18, 70))
            top = int(rng.uniform(30, 190) + row * 25)
            _house(
                picture,
                rng,
                (x, top, x + width),
                _darker(base, rng.uniform(0.6, 1.1)),
                palette,
            )
            x += width + int(rng.integers(-6, 6))
    return grained(rng, picture, 6)


def street(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Walls, poles and a road that run to one point."""
    x, y = plane(PHOTO_SIDE_PX)
    at_x, at_y = rng.uniform(-0.5, 0.5), rng.uniform(-0.3, 0.2)
    dx, dy = x - at_x, y - at_y
    near = np.maximum(np.abs(dx) * rng.uniform(0.7, 1.4), np.abs(dy)) + 1e-3
    bands = np.floor(np.log(near) * rng.uniform(3, 7))
    walls = np.abs(dx) > np.abs(dy)
    along = np.where(walls, dy / near, dx / near)
    panes = np.floor(along * np.float32(rng.integers(2, 7)))
    shades = rng.random(997).astype(np.float32)
    index = (bands * 31 + panes * 57 + walls * 113 + (dx > 0) * 211 + (dy > 0) * 17).astype(
        int
    ) % 997
    tone = 0.7 * shades[index] + 0.3 * np.clip(1 - near, 0, 1)
    tone = stretched(tone * (0.6 + 0.4 * fractal(rng, PHOTO_SIDE_PX, 6)))
    return grained(rng, toned(tone, _pigments(rng, palette)), 6)


def forest(rng: np.random.Generator, palette: Palette) -> Pixels:
    colours = _pigments(rng, palette)
    picture = toned(fractal(rng, PHOTO_SIDE_PX, (3, 5), fall=0.7), (colours[1], colours[-1]))
    for depth in np.linspace(0.15, 1, int(rng.integers(9, 30))):
        _tree(picture, rng, float(depth), _between(colours[1], colours[0], float(depth)))
    return grained(rng, picture, 8)


def _tree(picture: Pixels, rng: np.random.Generator, depth: float, colour: Colour) -> None:
    x, lean = rng.uniform(0, PHOTO_SIDE_PX), rng.normal(0, 12)
    wide = 2 + 13 * depth**2 * rng.uniform(0.6, 1.5)
    foot = (x - wide, 320), (x + wide, 320)
    top = (x + wide / 2 + lean, -20), (x - wide / 2 + lean, -20)
    pen.polygon(picture, (*foot, *top), colour)
    for _ in range(int(rng.integers(2, 8))):
        y = rng.uniform(0, 200)
        end = x + rng.normal(0, 50), y - rng.uniform(5, 60)
        pen.line(picture, ((x, y), end), colour, wide / 4)


def night_sky(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Stars and a nebula; sometimes a planet with a shadow side, or two."""
    haze = np.clip(fractal(rng, PHOTO_SIDE_PX, 3, fall=0.6) * 1.6 - 0.5, 0, 1)
    haze = haze * ridged(rng, PHOTO_SIDE_PX)
    picture = toned(haze, ((6, 6, 16), _darker(palette.accents[0], 0.7), palette.accents[2]))
    stars = rng.random((PHOTO_SIDE_PX, PHOTO_SIDE_PX)) > rng.uniform(0.985, 0.998)
    picture[stars] = 235
    x, y = plane(PHOTO_SIDE_PX)
    for _ in range(int(rng.integers(0, 4))):
        size = rng.uniform(0.08, 0.6)
        u, v = (
            (x - rng.uniform(-0.8, 0.8)) / size,
            (y - rng.uniform(-0.8, 0.8)) / size,
        )
        inside = u * u + v * v
        light = rng.uniform(-1, 1) * u + rng.uniform(-1, 1) * v
        ground = fractal(rng, PHOTO_SIDE_PX, pick(rng, _GROUNDS), octaves=3)
        tone = (0.35 + 0.65 * ground) * np.clip(0.45 + light, 0.02, 1)
        globe = toned(np.clip(tone, 0, 1), ((4, 4, 10), pick(rng, palette.accents), palette.paper))
        picture = lay(picture, globe, (np.clip((1 - inside) * 20, 0, 1) * 255).astype(np.uint8))
    return picture


def arches(rng: np.random.Generator, palette: Palette) -> Pixels:
    """A colonnade or a facade of equal openings in raking light."""
    dark, middle, light, *_ = colours = _pigments(rng, palette)
    slope = plane(PHOTO_SIDE_PX)[0] * rng.uniform(-0.3, 0.3)
    wall = fractal(rng, PHOTO_SIDE_PX, 12, octaves=4, fall=0.8) * 0.4 + slope + 0.5
    picture = toned(np.clip(wall, 0, 1), (middle, light))
    columns, rows = int(rng.integers(2, 7)), int(rng.integers(1, 6))
    wide, high = PHOTO_SIDE_PX / columns, PHOTO_SIDE_PX / rows
    axes = wide * rng.uniform(0.2, 0.4), high * rng.uniform(0.2, 0.4)
    for row in range(rows):
        for column in range(columns):
            x, y = (column + 0.5) * wide, (row + 0.5) * high
            _opening(picture, (x + 4, y), axes, light)
            _opening(picture, (x, y), axes, dark)
            if chance(rng, 0.25):
                pen.circle(picture, (x, y + axes[1] * 0.7), axes[0] / 2, colours[-1])
    return grained(rng, picture, 6)


def _opening(
    picture: Pixels, middle: tuple[float, float], axes: tuple[float, float], colour: Colour
) -> None:
    (x, y), (half, rise) = middle, axes
    pen.rectangle(picture, (x - half, y - rise / 2), (x + half, y + rise * 1.2), colour)
    pen.dome(picture, (x, y - rise / 2), (half, min(half, rise)), colour)


def _sky_colours(rng: np.random.Generator, palette: Palette) -> tuple[Colour, ...]:
    return pick(rng, _SKIES) if chance(rng, 0.45) else _pigments(rng, palette)


def _pigments(rng: np.random.Generator, palette: Palette) -> tuple[Colour, ...]:
    """Return three or four inks from dark to light."""
    inks = sorted((palette.ink, *palette.accents, palette.paper), key=sum)
    skip = int(rng.integers(1, 4))
    return tuple(ink for i, ink in enumerate(inks) if i != skip)


def _sky(rng: np.random.Generator, colours: tuple[Colour, ...]) -> Pixels:
    y = plane(PHOTO_SIDE_PX)[1]
    haze = fractal(rng, PHOTO_SIDE_PX, (3, 7), fall=0.6)
    mix = rng.uniform(0.2, 0.7)
    return toned(stretched((1 - mix) * (y + 1) / 2 + mix * haze), colours)


def _add_sun(picture: Pixels, rng: np.random.Generator, palette: Palette) -> None:
    if chance(rng, 0.6):
        at = int(rng.integers(40, 260)), int(rng.integers(30, 150))
        colour = pick(rng, (palette.paper, (255, 244, 220), palette.accents[2]))
        cv2.circle(picture, at, int(rng.integers(8, 60)), colour, -1, cv2.LINE_AA)


def _add_boat(picture: Pixels, rng: np.random.Generator, horizon: int) -> None:
    x, size = rng.uniform(40, 260), rng.uniform(10, 50)
    y = horizon + rng.uniform(4, 40)
    deck = (x - size, y - size / 4), (x + size, y - size / 4)
    keel = (x + size * 2 / 3, y + 4), (x - size * 2 / 3, y + 4)
    pen.polygon(picture, (*deck, *keel), (20, 18, 18))
    sail = (x, y - size * 2), (x, y - size / 3), (x + size * 3 / 4, y - size / 3)
    pen.polygon(picture, sail, (245, 240, 230))


def _house(
    picture: Pixels,
    rng: np.random.Generator,
    box: tuple[int, int, int],
    colour: Colour,
    palette: Palette,
) -> None:
    left, top, right = box
    cv2.rectangle(picture, (left, top), (right, PHOTO_SIDE_PX), colour, -1)
    pitch, lit = int(rng.integers(5, 12)), rng.uniform(0.1, 0.8)
    window = palette.paper if chance(rng, 0.5) else (250, 220, 140)
    for y in range(top + 4, PHOTO_SIDE_PX, pitch + 2):
        for x in range(left + 3, right - 3, pitch):
            shade = window if chance(rng, lit) else _darker(colour, 0.6)
            picture[max(y, 0) : y + pitch // 2 + 1, max(x, 0) : max(x + pitch // 2, 0)] = shade


def _between(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _darker(colour: Colour, factor: float) -> Colour:
    red, green, blue = (min(255, round(value * factor)) for value in colour)
    return red, green, blue
