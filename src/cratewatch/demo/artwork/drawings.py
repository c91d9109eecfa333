"""Work of the hand: scribbles, ink, ornaments, torn paper, psychedelia."""

import cv2
import numpy as np

from cratewatch.demo.artwork.canvas import (
    SIDE_PX,
    Pixels,
    chance,
    filled,
    lay,
    pick,
    plane,
    toned,
)
from cratewatch.demo.artwork.noise import fractal
from cratewatch.demo.artwork.palette import Palette

Points = np.ndarray[tuple[int, ...], np.dtype[np.int32]]


def scribbles(rng: np.random.Generator, palette: Palette) -> Pixels:
    picture = filled(palette.paper)
    for _ in range(int(rng.integers(9, 40))):
        knots = rng.uniform(-50, 650, 2) + np.cumsum(
            rng.normal(0, rng.uniform(40, 150), (9, 2)), axis=0
        )
        colour = pick(rng, (palette.ink, *palette.accents))
        cv2.polylines(
            picture, [_smooth(knots)], False, colour, int(rng.integers(2, 26)), cv2.LINE_AA
        )
    return picture


def brushwork(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Dry strokes of a broad brush, each many parallel hairs."""
    picture = filled(palette.paper)
    for _ in range(int(rng.integers(6, 16))):
        knots = rng.uniform(60, 540, 2) + np.cumsum(rng.normal(0, 170, (4, 2)), axis=0)
        colour = pick(rng, (palette.ink, *palette.accents))
        spine, lean = _smooth(knots), rng.normal(0, 1, 2)
        for offset in np.linspace(-1, 1, int(rng.integers(12, 30))):
            if chance(rng, 0.85):
                hair = spine + (lean * offset * rng.uniform(30, 80)).astype(np.int32)
                start, end = int(rng.integers(0, 12)), len(hair) - int(rng.integers(0, 25))
                cv2.polylines(
                    picture, [hair[start:end]], False, colour, int(rng.integers(2, 9)), cv2.LINE_AA
                )
    return picture


def line_faces(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Faces in few crossing lines, as on a café napkin."""
    picture = filled(palette.paper)
    for _ in range(int(rng.integers(1, 6))):
        centre, size = rng.uniform(150, 450, 2), rng.uniform(120, 260)
        thick = int(rng.integers(3, 11))
        fill, ink = pick(rng, palette.accents), palette.ink
        angles = np.linspace(0, 2 * np.pi, 10)[:-1]
        rim = centre + np.stack([np.cos(angles), 1.25 * np.sin(angles)], -1) * size * rng.uniform(
            0.75, 1.15, (9, 1)
        )
        outline = _smooth(np.vstack((rim, rim[:2])))
        if chance(rng, 0.6):
            cv2.fillPoly(picture, [outline], fill, cv2.LINE_AA)
        cv2.polylines(picture, [outline], False, ink, thick, cv2.LINE_AA)
        for side in (-1, 1):
            eye = centre + np.array((side * 0.36, -rng.uniform(0.1, 0.4))) * size
            at = int(eye[0]), int(eye[1])
            axes = int(size * rng.uniform(0.12, 0.28)), int(size * rng.uniform(0.06, 0.2))
            cv2.ellipse(picture, at, axes, 0, 0, 360, palette.paper, -1, cv2.LINE_AA)
            cv2.ellipse(picture, at, axes, 0, 0, 360, ink, thick, cv2.LINE_AA)
            cv2.circle(picture, at, max(2, axes[1] // 2), ink, -1, cv2.LINE_AA)
        nose = centre + np.array([(0.02, -0.35), (0.18, 0.2), (-0.06, 0.25), (0.0, 0.22)]) * size
        mouth = (
            centre
            + np.array([(-0.3, 0.55), (0, 0.55 + rng.uniform(-0.2, 0.2)), (0.3, 0.55), (0.32, 0.5)])
            * size
        )
        for stroke in (nose, mouth):
            cv2.polylines(picture, [_smooth(stroke)], False, ink, thick, cv2.LINE_AA)
    return picture


def mandala(rng: np.random.Generator, palette: Palette) -> Pixels:
    """An ornament of many axes, drawn once and turned."""
    picture = filled(palette.ink if chance(rng, 0.6) else palette.paper)
    n = int(rng.choice((4, 6, 8, 12, 16)))
    for radius in np.sort(rng.uniform(30, 380, int(rng.integers(7, 14))))[::-1]:
        colour, size = pick(rng, palette.colours), rng.uniform(10, 70)
        kind, turn = int(rng.integers(4)), rng.uniform(0, 1)
        for k in range(n):
            angle = 2 * np.pi * (k + round(turn)) / n + (np.pi / n if turn > 0.5 else 0)
            out = np.array([np.cos(angle), np.sin(angle)])
            at = 300 + out * radius
            if kind == 0:
                cv2.circle(
                    picture, (int(at[0]), int(at[1])), int(size / 2), colour, -1, cv2.LINE_AA
                )
            elif kind == 1:
                aside = np.array([-out[1], out[0]]) * size * 0.5
                kite = [at + out * size, at + aside, at - out * size, at - aside]
                cv2.fillPoly(picture, [np.array(kite, np.int32)], colour, cv2.LINE_AA)
            elif kind == 2:
                axes = int(size), int(size * 0.4)
                cv2.ellipse(
                    picture,
                    (int(at[0]), int(at[1])),
                    axes,
                    np.degrees(angle),
                    0,
                    360,
                    colour,
                    4,
                    cv2.LINE_AA,
                )
            else:
                cv2.line(
                    picture,
                    (300, 300),
                    (int(at[0]), int(at[1])),
                    colour,
                    int(size / 8) + 1,
                    cv2.LINE_AA,
                )
        if chance(rng, 0.5):
            cv2.circle(
                picture, (300, 300), int(radius), colour, int(rng.integers(2, 12)), cv2.LINE_AA
            )
    return picture


def ink_blot(rng: np.random.Generator, palette: Palette) -> Pixels:
    """A folded blot: the same on both sides."""
    half = fractal(rng, SIDE_PX, int(rng.integers(3, 6)), octaves=4, fall=0.5)
    x, y = plane(SIDE_PX)
    mirrored = np.hstack([half[:, : SIDE_PX // 2], half[:, : SIDE_PX // 2][:, ::-1]])
    shape = mirrored - np.float32(0.55) * (x * x + y * y) + rng.uniform(-0.28, -0.1)
    mask = (np.clip(shape * 40, 0, 1) * 255).astype(np.uint8)
    tint = toned(fractal(rng, SIDE_PX, 4), (palette.ink, pick(rng, palette.accents)))
    return lay(filled(palette.paper), tint, mask)


def psychedelia(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Nested contours of a melting figure."""
    x, y = plane(SIDE_PX // 2)
    melt = fractal(rng, SIDE_PX // 2, int(rng.integers(2, 5)), octaves=2)
    shape = np.hypot(
        x - rng.uniform(-0.5, 0.5),
        y * rng.uniform(0.5, 1.3) - rng.uniform(-0.5, 0.5),
    )
    turn = np.arctan2(y, x) * np.float32(rng.integers(0, 6))
    waves = np.sin((shape + melt * rng.uniform(0.5, 1.6)) * rng.uniform(9, 24) + turn)
    steps = (np.floor((waves + 1) * 2.49) / 4).astype(np.float32)
    order = rng.permutation(5)
    picture = toned(steps, [palette.colours[i] for i in order])
    return np.asarray(
        cv2.resize(picture, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_CUBIC), np.uint8
    )


def spirograph(rng: np.random.Generator, palette: Palette) -> Pixels:
    picture = filled(pick(rng, (palette.ink, palette.paper)))
    t = np.linspace(0, 2 * np.pi, 1400)
    for colour in palette.accents[: int(rng.integers(1, 4))]:
        centre = rng.uniform(200, 400, 2)
        first, second = rng.integers(2, 14, 2)
        big, small = rng.uniform(80, 230), rng.uniform(30, 150)
        for _ in range(int(rng.integers(1, 7))):
            x = centre[0] + big * np.cos(first * t) + small * np.cos(second * t)
            y = centre[1] + big * np.sin(first * t) - small * np.sin(second * t)
            curve = np.stack([x, y], -1).astype(np.int32)
            cv2.polylines(picture, [curve], True, colour, 2, cv2.LINE_AA)
            big, small = big * 0.92, small * 1.05
    return picture


def beasts(rng: np.random.Generator, palette: Palette) -> Pixels:
    """Creatures of body, legs, eyes and spikes, as a child or a woodcutter would."""
    picture = filled(palette.paper)
    for _ in range(int(rng.integers(2, 9))):
        centre, size = rng.uniform(80, 520, 2), rng.uniform(50, 170)
        skin = pick(rng, (palette.ink, *palette.accents))
        n = int(rng.integers(9, 30))
        spikes = np.where(np.arange(n) % 2, 1, rng.uniform(0.6, 1.6))
        angles = np.linspace(0, 2 * np.pi, n, endpoint=False)
        rim = (
            np.stack([np.cos(angles) * rng.uniform(0.8, 1.6), np.sin(angles)], -1) * spikes[:, None]
        )
        outline = (centre + rim * size).astype(np.int32)
        for leg in range(int(rng.integers(2, 7))):
            knots = centre + np.cumsum(rng.normal((leg - 2, 3), 2.5, (4, 2)), axis=0) * size / 6
            cv2.polylines(
                picture, [_smooth(knots)], False, skin, max(3, int(size / 9)), cv2.LINE_AA
            )
        cv2.fillPoly(picture, [outline], skin, cv2.LINE_AA)
        for _ in range(int(rng.integers(1, 4))):
            at = tuple(int(c) for c in centre + rng.normal(0, size / 3, 2))
            cv2.circle(picture, at, int(size / 4), palette.paper, -1, cv2.LINE_AA)
            cv2.circle(picture, at, int(size / 9), palette.ink, -1, cv2.LINE_AA)
    return picture


def _smooth(knots: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Points:
    """Return a curve near the knots: corners cut four times, as Chaikin does."""
    curve = knots
    for _ in range(4):
        first, second = curve[:-1], curve[1:]
        cut = np.stack([first * 0.75 + second * 0.25, first * 0.25 + second * 0.75], axis=1)
        curve = np.vstack([curve[:1], cut.reshape(-1, 2), curve[-1:]])
    return curve.astype(np.int32)
