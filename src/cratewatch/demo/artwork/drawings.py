"""Work of the hand: scribbles, ink, ornaments, psychedelia."""

from collections.abc import Callable

import numpy as np

from cratewatch.demo.artwork import pen
from cratewatch.demo.artwork.canvas import (
    SIDE_PX,
    Colour,
    Pixels,
    filled,
    lay,
    plane,
    resized,
    to_mask,
    toned,
)
from cratewatch.demo.artwork.chance import Desk
from cratewatch.demo.artwork.pen import Vector


def scribbles(desk: Desk) -> Pixels:
    """Draw lines that wander over the sheet."""
    picture = filled(desk.paper)
    for _ in range(desk.count(9, 40)):
        curve = _wander(desk, desk.point(-50, 650), 9, desk.within(40, 150))
        pen.line(picture, curve, desk.pick(desk.palette.inks), desk.within(2, 26))
    return picture


def brushwork(desk: Desk) -> Pixels:
    """Dry strokes of a broad brush, each many parallel hairs."""
    picture = filled(desk.paper)
    for _ in range(desk.count(6, 16)):
        spine = _wander(desk, desk.point(60, 540), 4, 170)
        colour, lean = desk.pick(desk.palette.inks), desk.rng.normal(0, 1, 2)
        for offset in np.linspace(-1, 1, desk.count(12, 30)):
            if desk.likely(0.85):
                hair = spine + lean * offset * desk.within(30, 80)
                start, end = desk.count(0, 12), len(hair) - desk.count(0, 25)
                pen.line(picture, hair[start:end], colour, desk.within(2, 9))
    return picture


def _wander(desk: Desk, start: Vector, steps: int, stride_px: float) -> Vector:
    return pen.smooth(start + np.cumsum(desk.rng.normal(0, stride_px, (steps, 2)), axis=0))


def line_faces(desk: Desk) -> Pixels:
    """Faces in few crossing lines, as on a café napkin."""
    picture = filled(desk.paper)
    for _ in range(desk.count(1, 6)):
        _line_face(picture, desk)
    return picture


def _line_face(picture: Pixels, desk: Desk) -> None:
    centre, size, thick = desk.point(150, 450), desk.within(120, 260), desk.within(3, 11)
    rim = pen.evenly(9) * (1, 1.25) * desk.rng.uniform(0.75, 1.15, (9, 1))
    outline = pen.smooth(centre + size * np.vstack((rim, rim[:2])))
    if desk.likely(0.6):
        pen.polygon(picture, outline, desk.pick(desk.accents))
    pen.line(picture, outline, desk.ink, thick)
    for side in (-1, 1):
        eye = centre + size * np.array((side * 0.36, -desk.within(0.1, 0.4)))
        oval = size * desk.within(0.12, 0.28), size * desk.within(0.06, 0.2), 0.0
        pen.ellipse(picture, eye, oval, desk.paper)
        pen.ellipse(picture, eye, oval, desk.ink, thick)
        pen.circle(picture, eye, oval[1] / 2, desk.ink)
    nose = ((0.02, -0.35), (0.18, 0.2), (-0.06, 0.25), (0.0, 0.22))
    mouth = ((-0.3, 0.55), (0, desk.within(0.35, 0.75)), (0.3, 0.55), (0.32, 0.5))
    for stroke in (nose, mouth):
        pen.line(picture, pen.smooth(centre + size * np.array(stroke)), desk.ink, thick)


def mandala(desk: Desk) -> Pixels:
    """An ornament of many axes: each petal drawn once and turned."""
    picture = filled(desk.ink if desk.likely(0.6) else desk.paper)
    middle = np.array((SIDE_PX / 2, SIDE_PX / 2))
    spokes = pen.evenly(2 * desk.pick((4, 6, 8, 12, 16)))
    for radius in np.sort(desk.rng.uniform(30, 380, desk.count(7, 14)))[::-1]:
        colour, size, petal = desk.pick(desk.colours), desk.within(10, 70), desk.pick(_PETALS)
        for out in spokes[desk.count(0, 2) :: 2]:
            petal(picture, middle + out * radius, out * size, colour)
        if desk.likely(0.5):
            pen.circle(picture, middle, radius, colour, desk.within(2, 12))
    return picture


def _bead(picture: Pixels, at: Vector, out: Vector, colour: Colour) -> None:
    pen.circle(picture, at, float(np.hypot(*out)) / 2, colour)


def _kite(picture: Pixels, at: Vector, out: Vector, colour: Colour) -> None:
    aside = np.array((-out[1], out[0])) * 0.5
    pen.polygon(picture, np.array((at + out, at + aside, at - out, at - aside)), colour)


def _leaf(picture: Pixels, at: Vector, out: Vector, colour: Colour) -> None:
    size, degrees = float(np.hypot(*out)), float(np.degrees(np.arctan2(out[1], out[0])))
    pen.ellipse(picture, at, (size, size * 0.4, degrees), colour, 4)


def _ray(picture: Pixels, at: Vector, out: Vector, colour: Colour) -> None:
    pen.line(picture, np.array((at, at - out * 4)), colour, float(np.hypot(*out)) / 8)


_PETALS: tuple[Callable[[Pixels, Vector, Vector, Colour], None], ...] = (_bead, _kite, _leaf, _ray)


def ink_blot(desk: Desk) -> Pixels:
    """A folded blot: the same on both sides."""
    half = desk.clouds(desk.count(3, 6), 4, fall=0.5, side_px=SIDE_PX)[:, : SIDE_PX // 2]
    x, y = plane(SIDE_PX)
    shape = np.hstack([half, half[:, ::-1]]) - 0.55 * (x * x + y * y) - desk.within(0.1, 0.28)
    tint = toned(desk.clouds(side_px=SIDE_PX), (desk.ink, desk.pick(desk.accents)))
    return lay(filled(desk.paper), tint, to_mask(shape * 40))


def psychedelia(desk: Desk) -> Pixels:
    """Nested contours of a melting figure."""
    x, y = plane()
    melt = desk.clouds(desk.count(2, 5), octaves=2)
    off_x, off_y, flat = desk.within(-0.5, 0.5), desk.within(-0.5, 0.5), desk.within(0.5, 1.3)
    shape = np.hypot(x - off_x, y * flat - off_y) + melt * desk.within(0.5, 1.6)
    arms = np.arctan2(y, x) * np.float32(desk.count(0, 6))
    waves = np.sin(shape * desk.within(9, 24) + arms)
    colours = [desk.colours[i] for i in desk.rng.permutation(5)]
    return resized(toned(np.floor((waves + 1) * 2.49) / 4, colours))


def spirograph(desk: Desk) -> Pixels:
    """Draw the curves of toothed wheels within others."""
    picture = filled(desk.pick((desk.ink, desk.paper)))
    t = np.linspace(0, 2 * np.pi, 1400)
    for colour in desk.accents[: desk.count(1, 4)]:
        centre, (first, second) = desk.point(200, 400), desk.rng.integers(2, 14, 2)
        big, small = desk.within(80, 230), desk.within(30, 150)
        for _ in range(desk.count(1, 7)):
            curve = big * pen.around(first * t) + small * pen.around(-second * t)
            pen.line(picture, centre + curve, colour, 2)
            big, small = big * 0.92, small * 1.05
    return picture


def beasts(desk: Desk) -> Pixels:
    """Creatures of body, legs, eyes and spikes, as a child or a woodcutter would."""
    picture = filled(desk.paper)
    for _ in range(desk.count(2, 9)):
        _beast(picture, desk)
    return picture


def _beast(picture: Pixels, desk: Desk) -> None:
    centre, size, skin = desk.point(80, 520), desk.within(50, 170), desk.pick(desk.palette.inks)
    n = desk.count(9, 30)
    spikes = np.where(np.arange(n) % 2, 1, desk.within(0.6, 1.6))[:, None]
    for leg in range(desk.count(2, 7)):
        knots = np.cumsum(desk.rng.normal((leg - 2, 3), 2.5, (4, 2)), axis=0) * size / 6
        pen.line(picture, pen.smooth(centre + knots), skin, max(3, size / 9))
    body = pen.evenly(n) * (desk.within(0.8, 1.6), 1) * spikes * size
    pen.polygon(picture, centre + body, skin)
    for _ in range(desk.count(1, 4)):
        eye = centre + desk.rng.normal(0, size / 3, 2)
        pen.circle(picture, eye, size / 4, desk.paper)
        pen.circle(picture, eye, size / 9, desk.ink)
