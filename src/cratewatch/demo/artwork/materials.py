"""Imitated photographs of surfaces and things on a table."""

from collections.abc import Callable

import cv2
import numpy as np

from cratewatch.demo.artwork import pen
from cratewatch.demo.artwork.canvas import (
    PHOTO_SIDE_PX,
    Field,
    Pixels,
    Tone,
    filled,
    lay,
    plane,
    stretched,
    to_mask,
    toned,
)
from cratewatch.demo.artwork.chance import Desk


def marble(desk: Desk) -> Pixels:
    """Draw veins in stone."""
    veins = desk.veins(desk.count(2, 6)) ** desk.within(2, 8)
    ground = desk.clouds(3) * 0.4
    return toned(stretched(ground + veins), (desk.paper, desk.accents[1], desk.ink))


def wood(desk: Desk) -> Pixels:
    """Draw the rings of a plank."""
    x, y = plane()
    x = x - desk.within(-1.5, 1.5)
    y = (y - desk.within(-1, 1)) * desk.within(0.1, 1)
    rings = np.sin((np.hypot(x, y) + 0.25 * desk.clouds(3)) * desk.within(20, 70))
    grain = stretched(0.35 * rings + 0.5 * desk.clouds((60, 4), octaves=2))
    browns = ((52, 28, 14), (140, 86, 44), (206, 156, 98))
    return toned(grain, browns if desk.likely(0.5) else desk.colours[:3])


def cloth(desk: Desk) -> Pixels:
    """Folds of a fabric with a woven check or stripe."""
    folds = desk.clouds((desk.count(2, 7), 2), octaves=3, fall=0.4)
    x, y = plane()
    pitch = desk.within(6, 26)
    weave = 0.5 + 0.25 * np.sign(np.sin((x + 0.6 * folds) * pitch))
    if desk.likely(0.6):
        weave += 0.25 * np.sign(np.sin((y + 0.3 * folds) * pitch))
    colours = desk.pick((desk.colours[1:3], desk.colours[::2], desk.colours[2:]))
    shade = np.clip(0.25 + folds, 0, 1)[..., None]
    return desk.grained((toned(weave, colours) * shade).astype(np.uint8), 5)


def lights(desk: Desk) -> Pixels:
    """Lamps out of focus at night."""
    picture = toned(desk.clouds(2) * 0.4, ((8, 8, 14), desk.accents[0]))
    for _ in range(desk.count(12, 60)):
        spot = filled((0, 0, 0), PHOTO_SIDE_PX, PHOTO_SIDE_PX)
        colour = pen.darker(desk.pick((*desk.accents, desk.paper)), desk.within(0.2, 0.7))
        pen.circle(spot, desk.point(0, PHOTO_SIDE_PX), desk.within(5, 38), colour)
        picture = np.asarray(cv2.add(picture, spot), np.uint8)
    return picture


def peeling(desk: Desk) -> Pixels:
    """Layers of old paint or torn posters."""
    picture = toned(desk.clouds(8, fall=0.8), desk.colours[:2])
    for colour in desk.colours[1:]:
        layer = desk.clouds(desk.count(2, 7), fall=0.65)
        edge = to_mask((layer - desk.within(0.4, 0.62)) * 40)
        picture = lay(picture, (20, 16, 14), np.roll(edge, (3, 2), (0, 1)) // 2)
        picture = lay(picture, toned(desk.clouds(14, octaves=3), (colour, desk.paper)), edge)
    return desk.grained(picture, 6)


def fluid(desk: Desk) -> Pixels:
    """Oil in water: clouds bent by clouds."""
    across, down = (desk.clouds(3, octaves=3) * 110 - 55 for _ in range(2))
    rows, columns = np.indices((PHOTO_SIDE_PX, PHOTO_SIDE_PX), dtype=np.float32)
    ground, mirrored = desk.clouds(5, octaves=3), cv2.BORDER_REFLECT
    bent = cv2.remap(ground, columns + across, rows + down, cv2.INTER_LINEAR, borderMode=mirrored)
    return toned(0.5 + 0.5 * np.sin(np.asarray(bent) * desk.within(9, 30)), desk.colours)


def flower(desk: Desk) -> Pixels:
    """Draw blossoms before a dark ground."""
    picture = toned(desk.clouds(3, octaves=3), ((10, 20, 14), *desk.colours[:2]))
    for _ in range(desk.pick((1, 1, 2, 3, 6))):
        _blossom(picture, desk)
    return desk.grained(picture, 6)


def _blossom(picture: Pixels, desk: Desk) -> None:
    """Draw three rings of petals from outside in, each petal of another shade."""
    centre, size, n = desk.point(60, 240), desk.within(45, 150), desk.count(5, 22)
    heart, rim = desk.pick(desk.accents), desk.pick((desk.paper, *desk.accents))
    slim = desk.within(0.22, 0.64)
    for reach in (size / 2, size * 0.35, size * 0.21):
        for k in range(n):
            degrees = 360 * (k + reach / size) / n + desk.within(-7, 7)
            at = centre + reach * pen.around(np.radians(degrees))
            oval = reach, max(2, reach * slim), degrees
            pen.ellipse(picture, at, oval, pen.between(heart, rim, desk.within(0.1, 0.9)))
            pen.ellipse(picture, at, oval, (25, 15, 20), 1)
    pen.circle(picture, centre, size * 0.13, desk.ink)


_THINGS: tuple[Callable[[Tone, Tone], Field], ...] = (
    lambda u, v: u * u + v * v,  # a ball
    lambda u, v: np.maximum(np.abs(u), np.abs(v)) ** 4,  # a box
    lambda u, v: (u * np.where(v < -0.2, 3, 1.3)) ** 2 + (v / 2) ** 8,
)
"""How far out of a thing each place is, 1 at its edge; the last is a bottle."""


def still_life(desk: Desk) -> Pixels:
    """Shaded balls, boxes and bottles on a table."""
    table, light = desk.within(-0.1, 0.4), 0.6 if desk.likely(0.5) else -0.6
    back = toned(desk.clouds(fall=0.6), desk.two_inks())
    top = toned(desk.clouds((2, 20), octaves=3), desk.two_inks())
    picture = lay(back, top, to_mask(plane()[1] > table))
    for _ in range(desk.count(2, 8)):
        size = desk.within(0.1, 0.38)
        middle = desk.within(-0.8, 0.8), table + desk.within(-0.1, 0.45) - size * 0.6
        u, v = ((axis - at) / size for axis, at in zip(plane(), middle, strict=True))
        shadow = 1 - ((u + light) ** 2 / 2 + ((v - 1) * 5) ** 2)
        picture = lay(picture, (10, 8, 8), to_mask(np.minimum(shadow, 1) * 0.67))
        tone = 0.55 - light * u * 0.6 - 0.25 * v + 0.15 * desk.clouds(8)
        thing = toned(tone, ((12, 10, 12), desk.pick(desk.accents), desk.paper))
        inside = desk.pick(_THINGS)(u, v)
        picture = lay(picture, thing, to_mask((1 - inside) * 12))
    return desk.grained(picture, 5)


def piano(desk: Desk) -> Pixels:
    """Keys seen from above, at an angle."""
    side = 420
    picture = filled((244, 240, 230), side, side)
    pitch, start = desk.count(22, 50), desk.count(0, 7)
    for i, x in enumerate(range(0, side, pitch)):
        pen.line(picture, ((x, 0), (x, side)), (90, 86, 80), 2)
        if (i + start) % 7 not in (2, 6):
            left = x + pitch * 2 // 3
            pen.rectangle(picture, (left, 0), (left + pitch * 2 // 3, side * 0.6), (18, 16, 18))
    keys = pen.turned(picture, desk.within(-50, 50), 1.15, desk.ink)[60:360, 60:360]
    shade = 0.35 + 0.65 * desk.clouds(2, octaves=2)
    return desk.grained((keys * shade[..., None]).astype(np.uint8), 5)


def record(desk: Desk) -> Pixels:
    """A disc with grooves, light on them, and a label."""
    x, y = plane()
    zoom, at = desk.within(0.55, 1.2), desk.point(-0.6, 0.6)
    u, v = (x - float(at[0])) / zoom, (y - float(at[1])) / zoom
    radius, angle = np.hypot(u, v), np.arctan2(v, u)
    shine = np.abs(np.cos(angle + desk.within(0, 3))) ** 12
    tone = 0.12 + 0.07 * np.sin(radius * desk.within(90, 160)) + shine * 0.5
    table = toned(desk.clouds((4, 30), octaves=3), desk.two_inks())
    disc = lay(table, toned(tone, ((0, 0, 0), (240, 240, 240))), to_mask(radius < 1))
    paper = toned(v + desk.within(-0.2, 0.2) > 0, desk.two_inks())
    disc = lay(disc, paper, to_mask(radius < 0.34))
    return lay(disc, (12, 12, 12), to_mask(radius < 0.03))


def eye(desk: Desk) -> Pixels:
    """One eye so near that lashes and iris fill the sleeve."""
    x, y = plane()
    u, v, open_ = x - desk.within(-0.3, 0.3), y - desk.within(-0.2, 0.2), desk.within(0.25, 0.6)
    lid = open_ * (1 - (u / 0.85) ** 2)
    radius, angle = np.hypot(u, v), np.arctan2(v, u)
    skin = 0.55 + 0.35 * desk.clouds(6, fall=0.7) - 0.35 * np.abs(np.abs(v) - open_ - 0.2)
    picture = toned(skin, ((40, 22, 18), desk.pick(desk.accents), desk.paper))
    spokes = desk.clouds((50, 2), octaves=2)[0][((angle + 3.15) * 47).astype(int)]
    iris = toned(spokes * 1.3 - radius, (desk.ink, *desk.accents[1:]))
    ball = toned(0.95 - radius * 0.4, ((60, 40, 40), (245, 240, 235)))
    ball = lay(ball, iris, to_mask((0.36 - radius) * 30))
    ball = lay(ball, (6, 5, 6), to_mask((desk.within(0.1, 0.2) - radius) * 30))
    picture = lay(picture, ball, to_mask((lid - np.abs(v)) * 30))
    rim = (1 - np.abs(np.abs(v) - lid) * 22) * (np.abs(u) < 0.85)
    return desk.grained(lay(picture, (14, 8, 8), to_mask(rim)), 6)
