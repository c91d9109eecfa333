"""Draws a whole picture: a backdrop, oblong things, sleeves, hands and what else hides them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cratewatch.synthesis.pixels import Corners, Plane, Rgb
from cratewatch.synthesis.whole_pictures.camera import expose
from cratewatch.synthesis.whole_pictures.faces import dress_face, oblong_face
from cratewatch.synthesis.whole_pictures.layers import Canvas, Layer, lay
from cratewatch.synthesis.whole_pictures.placing import Placed, place_sleeves, side_of
from cratewatch.synthesis.whole_pictures.stock import HAND_FACE_PX, HAND_PX, UNIT, Stock

HAND_EDGE = (HAND_PX - HAND_FACE_PX) / 2 / HAND_FACE_PX
"""How far a hand's picture reaches beyond the sleeve, in sleeve sides."""
OBLONG_SHARE = 0.6
OBLONG_HANDS = (0.6, 0.3, 0.1)
"""Shares of oblong things with no, one and two hands: a hand alone makes no sleeve."""
CLUTTER_SHARE = 0.35
PHOTO_SHARE = 0.1
"""Of sleeves whose cover is some photograph: what is found must not depend on known artwork."""


@dataclass(frozen=True)
class SeenSleeve:
    """A sleeve as the picture shows it.

    Attributes:
        corners: (4, 2) in pixels, clockwise from the cover's own top left; may lie outside.
        visible: Share of its area that the picture shows.
    """

    corners: Corners
    visible: float


@dataclass(frozen=True)
class WholePicture:
    """A picture, (S, S, 3) uint8 RGB, with all its sleeves."""

    image: Rgb
    sleeves: tuple[SeenSleeve, ...]


def draw_picture(stock: Stock, rng: np.random.Generator, side_px: int) -> WholePicture:
    """Draw one picture; the same stock and state of rng give the same picture."""
    canvas = Canvas.of(_backdrop(stock, rng, side_px))
    placed = place_sleeves(rng, side_px)
    if rng.random() < OBLONG_SHARE:
        for _ in range(int(rng.integers(1, 5))):
            _lay_oblong(canvas, stock, rng)
    for number, sleeve in enumerate(placed, start=1):
        _lay_sleeve(canvas, stock, sleeve, number, rng)
        if rng.random() < CLUTTER_SHARE:
            _lay_clutter(canvas, stock, sleeve.corners, rng)
    seen = tuple(
        SeenSleeve(sleeve.corners, _visible(canvas, sleeve, number))
        for number, sleeve in enumerate(placed, start=1)
    )
    return WholePicture(expose(canvas.colour, rng), seen)


def _backdrop(stock: Stock, rng: np.random.Generator, side_px: int) -> Plane:
    scene = stock.scene(rng)
    height, width = scene.shape[:2]
    kept = round(min(height, width) * rng.uniform(0.35, 1.0))
    top, left = int(rng.integers(0, height - kept + 1)), int(rng.integers(0, width - kept + 1))
    part = scene[top : top + kept, left : left + kept]
    interpolation = cv2.INTER_AREA if kept > side_px else cv2.INTER_LINEAR
    resized = cv2.resize(part, (side_px, side_px), interpolation=interpolation)
    flipped = resized[:, ::-1] if rng.random() < 0.5 else resized
    return np.ascontiguousarray(flipped, dtype=np.float32)


def _lay_sleeve(
    canvas: Canvas, stock: Stock, sleeve: Placed, number: int, rng: np.random.Generator
) -> None:
    """Lay a sleeve with its hands."""
    cover = stock.part(rng, 1.0) if rng.random() < PHOTO_SHARE else stock.cover(rng)
    face = dress_face(cover, round(side_of(sleeve.corners)), rng)
    _lay_held(canvas, stock, _Thing(face, sleeve, number), rng)


@dataclass(frozen=True)
class _Thing:
    """What a picture shows somewhere; `number` is a sleeve's, from 1 on."""

    face: Plane
    placed: Placed
    number: int = 0


def _lay_held(canvas: Canvas, stock: Stock, thing: _Thing, rng: np.random.Generator) -> None:
    """Lay a thing, with its hands behind and before it."""
    placed = thing.placed
    held = [hold_by(stock, rng) for _ in range(placed.hands)]
    for colour, whole, _ in held:
        lay(canvas, Layer(colour, whole, HAND_EDGE), placed)
    _cast_shadow(canvas, placed.corners, rng)
    lay(canvas, Layer(thing.face), placed, thing.number)
    for colour, _, front in held:
        lay(canvas, Layer(colour, front, HAND_EDGE), placed)


def hold_by(stock: Stock, rng: np.random.Generator) -> tuple[Plane, Plane, Plane]:
    """Return a hand's colour, whole and front, turned about the sleeve and lit in its own way.

    Each is (HAND_PX, HAND_PX) float32, to be laid with a reach of HAND_EDGE.
    """
    prop = stock.hand(rng)
    centre = ((HAND_PX - 1) / 2, (HAND_PX - 1) / 2)
    angle = 90.0 * float(rng.integers(4)) + rng.uniform(-12, 12)
    move = cv2.getRotationMatrix2D(centre, angle, rng.uniform(0.8, 1.25))
    move[:, 2] = move[:, 2] + rng.uniform(-0.12, 0.12, 2) * HAND_FACE_PX
    gain = np.float32(rng.uniform(0.5, 1.35))
    size = (HAND_PX, HAND_PX)
    colour = np.asarray(cv2.warpAffine(prop.colour, move, size), dtype=np.float32) * gain
    whole, front = (
        np.asarray(cv2.warpAffine(plane, move, size), dtype=np.float32) / np.float32(255.0)
        for plane in (prop.whole, prop.front)
    )
    return colour, whole, front


def _cast_shadow(canvas: Canvas, corners: Corners, rng: np.random.Generator) -> None:
    """Darken what lies about a sleeve, to one side of it."""
    strength = rng.uniform(0.0, 0.6)
    side = side_of(corners)
    if strength < 0.1 or side < 8:
        return
    moved = corners + rng.normal(0, 0.05, 2) * side
    window = canvas.window(moved, 0.3 * side)
    if window is None:
        return
    rows, columns = window
    mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
    outline = np.rint(moved - (columns.start, rows.start)).astype(np.int32)
    cv2.fillConvexPoly(mask, outline, 255)
    soft = cv2.blur(mask, (max(1, int(0.12 * side)),) * 2).astype(np.float32)
    canvas.colour[window] *= (1 - soft * np.float32(strength / 255))[..., None]


def _lay_oblong(canvas: Canvas, stock: Stock, rng: np.random.Generator) -> None:
    """Lay a poster, a book, a sign, a window or a screen: what is too long for a sleeve."""
    face, aspect = oblong_face(stock, rng)
    size = float(np.exp(rng.uniform(np.log(20), np.log(140))))
    half = np.array([aspect**0.5, aspect**-0.5]) * size / 2
    angle = np.radians(rng.normal(0, 8) + 90 * float(rng.integers(2)))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners = ((UNIT * 2 - 1) * half) @ turn + rng.normal(0, 0.02 * size, (4, 2))
    hands = int(rng.choice(3, p=OBLONG_HANDS))
    placed = Placed(corners + rng.uniform(0, 1, 2) * canvas.side_px, 0.0, 0.0, hands)
    _lay_held(canvas, stock, _Thing(face, placed), rng)


def _lay_clutter(canvas: Canvas, stock: Stock, about: Corners, rng: np.random.Generator) -> None:
    """Hide a part of a sleeve behind something: an arm, a shoulder, another thing."""
    size = side_of(about)
    at = about[int(rng.integers(4))] if rng.random() < 0.7 else about.mean(axis=0)
    at = at + rng.normal(0, 0.25, 2) * size
    long, short = size * rng.uniform(0.3, 1.2), size * rng.uniform(0.08, 0.4)
    angle = rng.uniform(0, np.pi)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners = ((UNIT * 2 - 1) * (long / 2, short / 2)) @ turn + at
    texture = stock.part(rng, float(long / short)).astype(np.float32)
    coverage = _ROUND if rng.random() < 0.7 else None
    lay(canvas, Layer(texture, coverage), Placed(corners, 0.0, 0.0, 0))


def _visible(canvas: Canvas, sleeve: Placed, number: int) -> float:
    """Return the share of a sleeve that nothing hides and that lies within the picture."""
    area = side_of(sleeve.corners) ** 2
    return min(1.0, int(np.count_nonzero(canvas.owner == number)) / max(area, 1.0))


def _draw_round() -> Plane:
    at = np.linspace(-1, 1, 48, dtype=np.float32)
    return np.asarray(np.clip((1 - np.hypot(at[None, :], at[:, None])) * 12, 0, 1), np.float32)


_ROUND = _draw_round()
"""Coverage of a round thing, such as an arm."""
