"""Imitated photographs of places and skies."""

import numpy as np

from cratewatch.demo.artwork import pen
from cratewatch.demo.artwork.canvas import (
    PHOTO_SIDE_PX,
    Colour,
    Pixels,
    lay,
    plane,
    stretched,
    to_mask,
    toned,
)
from cratewatch.demo.artwork.chance import Cells, Desk
from cratewatch.demo.artwork.pen import between, darker

_GROUNDS: tuple[Cells, ...] = (5, 9, (1, 9), (1, 20))
_SKIES = (
    ((30, 60, 120), (120, 170, 220), (240, 240, 235)),
    ((40, 20, 60), (220, 90, 70), (255, 210, 120)),
    ((15, 15, 35), (50, 70, 110), (170, 180, 200)),
    ((120, 120, 125), (190, 190, 190), (235, 232, 225)),
)


def mountains(desk: Desk) -> Pixels:
    """Ridges, the nearer the darker, under a sky, with a sun or moon."""
    sky = _sky_colours(desk)
    picture = _with_sun(_sky(desk, sky), desk)
    horizon, n = desk.within(90, 170), desk.count(2, 6)
    near = desk.pick(((12, 18, 14), (25, 18, 12), desk.ink))
    rows = np.arange(PHOTO_SIDE_PX, dtype=np.float32)[:, None]
    for depth in (float(i + 1) / n for i in range(n)):
        roughness = desk.clouds((desk.count(2, 7), 1), fall=0.5)[0]
        ridge = horizon + depth * 110 - roughness * desk.within(40, 130)
        rock = desk.clouds(7, octaves=4, fall=0.8) * 0.7 + 0.3 * (1 - depth)
        colour = between(sky[1], near, depth)
        stone = toned(rock, (darker(colour, 0.45), colour, between(colour, sky[2], 0.3)))
        picture = lay(picture, stone, to_mask(rows - ridge))
    return desk.grained(picture, 5)


def sea(desk: Desk) -> Pixels:
    """Draw water below a sky."""
    sky = _sky_colours(desk)
    picture = _with_sun(_sky(desk, sky), desk)
    horizon = desk.count(90, 210)
    swell = desk.clouds((5, 40), octaves=3, fall=0.8)[horizon:]
    if desk.likely(0.5):
        swell = 0.6 * swell + 0.4 * np.float32(picture[:horizon].mean() / 255)
    picture[horizon:] = toned(swell, (darker(sky[0], 0.5), sky[0], sky[2]))
    if desk.likely(0.6):
        _add_boat(picture, desk, horizon)
    return desk.grained(picture, 5)


def clouds(desk: Desk) -> Pixels:
    """Draw a sky."""
    tone = desk.clouds((desk.count(2, 5), desk.count(2, 7)), fall=0.6)
    return desk.grained(toned(tone * 1.8 - 0.45, _sky_colours(desk)), 4)


def skyline(desk: Desk) -> Pixels:
    """Rows of houses with lit windows."""
    sky = _sky_colours(desk)
    picture, rows = _sky(desk, sky), desk.count(2, 5)
    for row in range(rows):
        base = between(sky[1], desk.ink, (row + 1) / rows)
        x = desk.count(-20, 0)
        while x < PHOTO_SIDE_PX:
            width, top = desk.count(18, 70), round(desk.within(30, 190) + row * 25)
            _add_house(picture, desk, (x, top, x + width), darker(base, desk.within(0.6, 1.1)))
            x += width + desk.count(-6, 6)
    return desk.grained(picture, 6)


def _add_house(picture: Pixels, desk: Desk, box: tuple[int, int, int], colour: Colour) -> None:
    left, top, right = box
    pen.rectangle(picture, (left, top), (right, PHOTO_SIDE_PX), colour)
    pitch, lit = desk.count(5, 12), desk.within(0.1, 0.8)
    window = desk.paper if desk.likely(0.5) else (250, 220, 140)
    for y in range(top + 4, PHOTO_SIDE_PX, pitch + 2):
        for x in range(left + 3, right - 3, pitch):
            shade = window if desk.likely(lit) else darker(colour, 0.6)
            picture[max(y, 0) : y + pitch // 2 + 1, max(x, 0) : max(x + pitch // 2, 0)] = shade


def street(desk: Desk) -> Pixels:
    """Walls, poles and a road that run to one point."""
    x, y = plane()
    dx, dy = x - desk.within(-0.5, 0.5), y - desk.within(-0.3, 0.2)
    near = np.maximum(np.abs(dx) * desk.within(0.7, 1.4), np.abs(dy)) + 1e-3
    bands = np.floor(np.log(near) * desk.within(3, 7))
    walls = np.abs(dx) > np.abs(dy)
    panes = np.floor(np.where(walls, dy, dx) / near * np.float32(desk.count(2, 7)))
    shades = desk.rng.random(997).astype(np.float32)
    place = bands * 31 + panes * 57 + walls * 113 + (dx > 0) * 211 + (dy > 0) * 17
    tone = 0.7 * shades[place.astype(int) % 997] + 0.3 * np.clip(1 - near, 0, 1)
    tone = stretched(tone * (0.6 + 0.4 * desk.clouds(6)))
    return desk.grained(toned(tone, desk.pigments()), 6)


def forest(desk: Desk) -> Pixels:
    """Draw trees, those behind paler."""
    dark, middle, *_, light = desk.pigments()
    picture = toned(desk.clouds((3, 5), fall=0.7), (middle, light))
    for depth in np.linspace(0.15, 1, desk.count(9, 30)).tolist():
        _add_tree(picture, desk, depth, between(middle, dark, depth))
    return desk.grained(picture, 8)


def _add_tree(picture: Pixels, desk: Desk, depth: float, colour: Colour) -> None:
    x, lean = desk.within(0, PHOTO_SIDE_PX), float(desk.rng.normal(0, 12))
    wide = 2 + 13 * depth**2 * desk.within(0.6, 1.5)
    foot = (x - wide, 320), (x + wide, 320)
    top = (x + wide / 2 + lean, -20), (x - wide / 2 + lean, -20)
    pen.polygon(picture, (*foot, *top), colour)
    for _ in range(desk.count(2, 8)):
        y = desk.within(0, 200)
        end = x + float(desk.rng.normal(0, 50)), y - desk.within(5, 60)
        pen.line(picture, ((x, y), end), colour, wide / 4)


def night_sky(desk: Desk) -> Pixels:
    """Stars and a nebula; sometimes a planet with a shadow side, or two."""
    haze = np.clip(desk.clouds(3, fall=0.6) * 1.6 - 0.5, 0, 1) * desk.veins()
    picture = toned(haze, ((6, 6, 16), darker(desk.accents[0], 0.7), desk.accents[2]))
    stars = desk.rng.random((PHOTO_SIDE_PX, PHOTO_SIDE_PX)) > desk.within(0.985, 0.998)
    picture[stars] = 235
    for _ in range(desk.count(0, 4)):
        size = desk.within(0.08, 0.6)
        u, v = ((axis - desk.within(-0.8, 0.8)) / size for axis in plane())
        light = desk.within(-1, 1) * u + desk.within(-1, 1) * v
        ground = 0.35 + 0.65 * desk.clouds(desk.pick(_GROUNDS), octaves=3)
        tone = ground * np.clip(0.45 + light, 0.02, 1)
        globe = toned(tone, ((4, 4, 10), desk.pick(desk.accents), desk.paper))
        picture = lay(picture, globe, to_mask((1 - u * u - v * v) * 20))
    return picture


def arches(desk: Desk) -> Pixels:
    """A colonnade or a facade of equal openings in raking light."""
    dark, middle, light, *_ = colours = desk.pigments()
    slope = plane()[0] * desk.within(-0.3, 0.3)
    picture = toned(desk.clouds(12, octaves=4, fall=0.8) * 0.4 + slope + 0.5, (middle, light))
    columns, rows = desk.count(2, 7), desk.count(1, 6)
    wide, high = PHOTO_SIDE_PX / columns, PHOTO_SIDE_PX / rows
    axes = wide * desk.within(0.2, 0.4), high * desk.within(0.2, 0.4)
    for row, column in np.ndindex(rows, columns):
        x, y = (column + 0.5) * wide, (row + 0.5) * high
        _add_opening(picture, (x + 4, y), axes, light)
        _add_opening(picture, (x, y), axes, dark)
        if desk.likely(0.25):
            pen.circle(picture, (x, y + axes[1] * 0.7), axes[0] / 2, colours[-1])
    return desk.grained(picture, 6)


def _add_opening(
    picture: Pixels, middle: tuple[float, float], axes: tuple[float, float], colour: Colour
) -> None:
    (x, y), (half, rise) = middle, axes
    pen.rectangle(picture, (x - half, y - rise / 2), (x + half, y + rise * 1.2), colour)
    pen.dome(picture, (x, y - rise / 2), (half, min(half, rise)), colour)


def _sky_colours(desk: Desk) -> tuple[Colour, ...]:
    return desk.pick(_SKIES) if desk.likely(0.45) else desk.pigments()


def _sky(desk: Desk, colours: tuple[Colour, ...]) -> Pixels:
    haze, mix = desk.clouds((3, 7), fall=0.6), desk.within(0.2, 0.7)
    return toned(stretched((1 - mix) * (plane()[1] + 1) / 2 + mix * haze), colours)


def _with_sun(picture: Pixels, desk: Desk) -> Pixels:
    if desk.likely(0.6):
        at = desk.within(40, 260), desk.within(30, 150)
        colour = desk.pick((desk.paper, (255, 244, 220), desk.accents[2]))
        pen.circle(picture, at, desk.within(8, 60), colour)
    return picture


def _add_boat(picture: Pixels, desk: Desk, horizon: int) -> None:
    x, size, y = desk.within(40, 260), desk.within(10, 50), horizon + desk.within(4, 40)
    deck = (x - size, y - size / 4), (x + size, y - size / 4)
    keel = (x + size * 2 / 3, y + 4), (x - size * 2 / 3, y + 4)
    pen.polygon(picture, (*deck, *keel), (20, 18, 18))
    sail = (x, y - size * 2), (x, y - size / 3), (x + size * 3 / 4, y - size / 3)
    pen.polygon(picture, sail, (245, 240, 230))
