"""Imitated photographs of figures: stages, crowds, dancers."""

import numpy as np

from cratewatch.demo.artwork import pen
from cratewatch.demo.artwork.canvas import PHOTO_SIDE_PX, Mask, Pixels, lay, plane, toned
from cratewatch.demo.artwork.chance import Desk
from cratewatch.demo.artwork.people import SKINS

Point = tuple[float, float]


def stage(desk: Desk) -> Pixels:
    """A player in spotlights, from afar."""
    x, y = plane()
    tone = np.full_like(x, 0.08)
    for _ in range(desk.count(2, 6)):
        foot, lean = desk.within(-1, 1), desk.within(-0.7, 0.7)
        spread = np.abs(x - foot - lean * (y + 1)) / (0.08 + 0.13 * (y + 1))
        tone += np.exp(-(spread**2)) * desk.within(0.25, 0.7)
    tone *= 0.6 + 0.4 * desk.clouds(5)
    picture = toned(tone, (desk.ink, *desk.accents[:2], desk.paper))
    for _ in range(desk.count(1, 4)):
        head = desk.within(40, 260), desk.within(95, 140)
        picture = lay(picture, (8, 6, 10), _player(desk, head, desk.within(90, 160)))
    _fill_with_heads(picture, desk, top=250, size=9)
    return desk.grained(picture, 9)


def crowd(desk: Desk) -> Pixels:
    """Draw heads before a lit background, the nearest lowest."""
    picture = toned(desk.clouds(3), (desk.colours[1], desk.paper))
    _fill_with_heads(picture, desk, top=desk.count(20, 130), size=desk.within(8, 17))
    return desk.grained(picture, 8)


def dancers(desk: Desk) -> Pixels:
    """Flat figures on bright ground."""
    picture = toned(desk.clouds(2, octaves=2), (desk.accents[1], desk.paper))
    for _ in range(desk.count(2, 7)):
        head = desk.within(30, 270), desk.within(60, 150)
        colour = desk.pick((desk.ink, *desk.accents))
        picture = lay(picture, colour, _player(desk, head, desk.within(90, 200)))
    return picture


def _player(desk: Desk, head: Point, height: float) -> Mask:
    """Return a standing figure with bent limbs, some with a guitar."""
    mask = np.zeros((PHOTO_SIDE_PX, PHOTO_SIDE_PX), np.uint8)
    (x, y), unit = head, height / 8
    hip = x + desk.within(-1, 1) * unit, y + 4 * unit
    pen.circle(mask, head, unit * 0.62, pen.OPAQUE)
    pen.line(mask, ((x, y + unit), hip), pen.OPAQUE, unit * 1.5)
    for side in (-1, 1):
        leg, arm = (hip[0] + side * unit * 0.35, hip[1]), (x + side * unit * 0.7, y + unit * 1.4)
        _limb(mask, leg, (side * 0.4, 1), (unit * 2.1, unit * 0.75), desk)
        aim = side * desk.within(0.2, 1), desk.within(-0.7, 1)
        _limb(mask, arm, aim, (unit * 1.6, unit * 0.5), desk)
    if desk.likely(0.6):
        middle, degrees = (hip[0], hip[1] - unit), desk.within(-60, 30)
        end = middle + unit * 3.6 * pen.around(np.radians(degrees))
        pen.ellipse(mask, middle, (unit * 1.1, unit * 0.8, degrees), pen.OPAQUE)
        pen.line(mask, (middle, end), pen.OPAQUE, max(2, unit * 0.22))
    return mask


def _limb(mask: Mask, start: Point, aim: Point, size: Point, desk: Desk) -> None:
    """Draw two bones of equal length and thickness, each somewhat off the aim."""
    length, thick = size
    at, along = np.array(start), np.array(aim)
    for _ in range(2):
        along = along + desk.point(-0.35, 0.35)
        end = at + along * length / np.hypot(*along)
        pen.line(mask, (at, end), pen.OPAQUE, thick)
        at = end


def _fill_with_heads(picture: Pixels, desk: Desk, top: int, size: float) -> None:
    y = float(top)
    while y < PHOTO_SIDE_PX + size:
        grow = size * (0.7 + 0.9 * (y - top) / PHOTO_SIDE_PX)
        for x in np.arange(0, PHOTO_SIDE_PX + grow, grow * 1.7):
            _add_head(picture, desk, (x + desk.within(-4, 4), y + desk.within(-4, 4)), grow)
        y += grow * 1.3


def _add_head(picture: Pixels, desk: Desk, at: Point, size: float) -> None:
    shade, (x, y) = desk.count(10, 70), at
    skin = pen.darker(desk.pick(SKINS)[1], desk.within(0.4, 1))
    pen.ellipse(picture, (x, y + size * 1.6), (size * 1.2, size, 0), (shade // 2,) * 3)
    pen.circle(picture, at, size * 0.62, skin)
    pen.dome(picture, (x, y - size * 0.2), (size * 0.62, size * 0.62), (shade,) * 3)
