"""Work of the hand: scribbles, ink, ornaments, psychedelia."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.demo.artwork import pen
from cratewatch.demo.artwork.canvas import (
    SIDE_PX,
    Colour,
    Pixels,
    chance,
    filled,
    lay,
    pick,
    plane,
    to_mask,
    toned,
)
from cratewatch.demo.artwork.noise import fractal
from cratewatch.demo.artwork.palette import Palette

Vector = npt.NDArray[np.float64]


def scribbles(rng: np.random.Generator, palette: Palette) -> Pixels:
    picture = filled(palette.paper)
    for _ in range(int(rng.integers(9, 40))):
        steps = rng.normal(0, rng.uniform(40, 150), (9, 2))
        curve = pen.smooth(rng.uniform(-50, 650, 2) + np.cumsum(steps, axis=0))
        pen.line(picture, curve, pick(rng, palette.inks), rng.uniform(2, 26))
    return picture


def brushwork(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Dry strokes of a broad brush, each many parallel hairs."""
    picture = filled(palette.paper)
    for _ in range(int(rng.integers(6, 16))):
        steps = rng.normal(0, 170, (4, 2))
        spine = pen.smooth(rng.uniform(60, 540, 2) + np.cumsum(steps, axis=0))
        colour, lean = pick(rng, palette.inks), rng.normal(0, 1, 2)
        for offset in np.linspace(-1, 1, int(rng.integers(12, 30))):
            if chance(rng, 0.85):
                hair = spine + lean * offset * rng.uniform(30, 80)
                start, end = int(rng.integers(0, 12)), len(hair) - int(rng.integers(0, 25))
                pen.line(picture, hair[start:end], colour, rng.uniform(2, 9))
    return picture


def line_faces(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Faces in few crossing lines, as on a café napkin."""
    picture = filled(palette.paper)
    for _ in range(int(rng.integers(1, 6))):
        _line_face(picture, rng, palette)
    return picture


def _line_face(picture: Pixels, rng: np.random.Generator, palette: Palette) -> None:
    centre, size, thick = rng.uniform(150, 450, 2), rng.uniform(120, 260), rng.uniform(3, 11)
    rim = _around(9) * (1, 1.25) * rng.uniform(0.75, 1.15, (9, 1))
    outline = pen.smooth(centre + size * np.vstack((rim, rim[:2])))
    if chance(rng, 0.6):
        pen.polygon(picture, outline, pick(rng, palette.accents))
    pen.line(picture, outline, palette.ink, thick)
    for side in (-1, 1):
        eye = centre + size * np.array((side * 0.36, -rng.uniform(0.1, 0.4)))
        oval = size * rng.uniform(0.12, 0.28), size * rng.uniform(0.06, 0.2), 0.0
        pen.ellipse(picture, eye, oval, palette.paper)
        pen.ellipse(picture, eye, oval, palette.ink, thick)
        pen.circle(picture, eye, oval[1] / 2, palette.ink)
    nose = ((0.02, -0.35), (0.18, 0.2), (-0.06, 0.25), (0.0, 0.22))
    mouth = ((-0.3, 0.55), (0, rng.uniform(0.35, 0.75)), (0.3, 0.55), (0.32, 0.5))
    for stroke in (nose, mouth):
        pen.line(picture, pen.smooth(centre + size * np.array(stroke)), palette.ink, thick)


def mandala(rng: np.random.Generator, palette: Palette) -> Pixels:
    """An ornament of many axes: each petal drawn once and turned."""
    picture = filled(palette.ink if chance(rng, 0.6) else palette.paper)
    middle = np.array((SIDE_PX / 2, SIDE_PX / 2))
    spokes = _around(2 * int(rng.choice((4, 6, 8, 12, 16))))
    for radius in np.sort(rng.uniform(30, 380, int(rng.integers(7, 14))))[::-1]:
        colour, size, petal = pick(rng, palette.colours), rng.uniform(10, 70), pick(rng, _PETALS)
        for out in spokes[int(rng.integers(2)) :: 2]:
            petal(picture, middle + out * radius, out * size, colour)
        if chance(rng, 0.5):
            pen.circle(picture, middle, radius, colour, rng.uniform(2, 12))
    return picture


def _bead(picture: Pixels, at: Vector, out: Vector, colour: Colour) -> None:
    pen.circle(picture, at, float(np.hypot(*out)) / 2, colour)


def _kite(picture: Pixels, at: Vector, out: Vector, colour: Colour) -> None:
    aside = np.array((-out[1], out[0])) * 0.5
    pen.polygon(picture, np.array((at + out, at + aside, at - out, at - aside)), colour)


def _leaf(picture: Pixels, at: Vector, out: Vector, colour: Colour) -> None:
    size, turn = float(np.hypot(*out)), float(np.degrees(np.arctan2(out[1], out[0])))
    pen.ellipse(picture, at, (size, size * 0.4, turn), colour, 4)


def _ray(picture: Pixels, at: Vector, out: Vector, colour: Colour) -> None:
    pen.line(picture, np.array((at, at - out * 4)), colour, float(np.hypot(*out)) / 8)


_PETALS: tuple[Callable[[Pixels, Vector, Vector, Colour], None], ...] = (_bead, _kite, _leaf, _ray)


def ink_blot(rng: np.random.Generator, palette: Palette) -> Pixels:
    """A folded blot: the same on both sides."""
    half = fractal(rng, SIDE_PX, int(rng.integers(3, 6)), octaves=4, fall=0.5)[:, : SIDE_PX // 2]
    x, y = plane(SIDE_PX)
    shape = np.hstack([half, half[:, ::-1]]) - 0.55 * (x * x + y * y) - rng.uniform(0.1, 0.28)
    tint = toned(fractal(rng, SIDE_PX, 4), (palette.ink, pick(rng, palette.accents)))
    return lay(filled(palette.paper), tint, to_mask(np.clip(shape * 40, 0, 1)))


def psychedelia(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Nested contours of a melting figure."""
    x, y = plane(SIDE_PX // 2)
    melt = fractal(rng, SIDE_PX // 2, int(rng.integers(2, 5)), octaves=2)
    off_x, off_y, flat = rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.5), rng.uniform(0.5, 1.3)
    shape = np.hypot(x - off_x, y * flat - off_y) + melt * rng.uniform(0.5, 1.6)
    arms = np.arctan2(y, x) * np.float32(rng.integers(0, 6))
    waves = np.sin(shape * rng.uniform(9, 24) + arms)
    steps = np.floor((waves + 1) * 2.49) / 4
    picture = toned(steps, [palette.colours[i] for i in rng.permutation(5)])
    whole = cv2.resize(picture, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_CUBIC)
    return np.asarray(whole, np.uint8)


def spirograph(rng: np.random.Generator, palette: Palette) -> Pixels:
    picture = filled(pick(rng, (palette.ink, palette.paper)))
    t = np.linspace(0, 2 * np.pi, 1400)
    for colour in palette.accents[: int(rng.integers(1, 4))]:
        centre, (first, second) = rng.uniform(200, 400, 2), rng.integers(2, 14, 2)
        big, small = rng.uniform(80, 230), rng.uniform(30, 150)
        for _ in range(int(rng.integers(1, 7))):
            x = big * np.cos(first * t) + small * np.cos(second * t)
            y = big * np.sin(first * t) - small * np.sin(second * t)
            pen.line(picture, centre + np.stack([x, y], axis=-1), colour, 2)
            big, small = big * 0.92, small * 1.05
    return picture


def beasts(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Creatures of body, legs, eyes and spikes, as a child or a woodcutter would."""
    picture = filled(palette.paper)
    for _ in range(int(rng.integers(2, 9))):
        _beast(picture, rng, palette)
    return picture


def _beast(picture: Pixels, rng: np.random.Generator, palette: Palette) -> None:
    centre, size, skin = rng.uniform(80, 520, 2), rng.uniform(50, 170), pick(rng, palette.inks)
    n = int(rng.integers(9, 30))
    spikes = np.where(np.arange(n) % 2, 1, rng.uniform(0.6, 1.6))[:, None]
    for leg in range(int(rng.integers(2, 7))):
        knots = np.cumsum(rng.normal((leg - 2, 3), 2.5, (4, 2)), axis=0) * size / 6
        pen.line(picture, pen.smooth(centre + knots), skin, max(3, size / 9))
    pen.polygon(picture, centre + _around(n) * (rng.uniform(0.8, 1.6), 1) * spikes * size, skin)
    for _ in range(int(rng.integers(1, 4))):
        eye = centre + rng.normal(0, size / 3, 2)
        pen.circle(picture, eye, size / 4, palette.paper)
        pen.circle(picture, eye, size / 9, palette.ink)


def _around(n: int) -> Vector:
    """Return n directions, evenly around the circle."""
    angles = np.arange(n) * 2 * np.pi / n
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)
