"""Flat faces: sleeves as light, plastic and wear leave them, and oblong things that are none."""

from __future__ import annotations

import cv2
import numpy as np

from cratewatch.synthesis.pixels import Plane, Rgb
from cratewatch.synthesis.whole_pictures.stock import FACE_PX, Stock

ASPECTS = (1.28, 2.6)
"""Width over height of what is no sleeve: from books, hardly longer than wide, to telephones."""


def dress_face(cover: Rgb, side_px: int, rng: np.random.Generator) -> Plane:
    """Return a cover, (T, T, 3) 0 to 255, as a sleeve of about side_px shows it."""
    size = max(4, min(FACE_PX, round(1.25 * side_px)))
    interpolation = cv2.INTER_AREA if size < cover.shape[0] else cv2.INTER_LINEAR
    face = cv2.resize(cover, (size, size), interpolation=interpolation).astype(np.float32)
    face *= np.exp(rng.normal(0, 0.06, 3)).astype(np.float32) * np.float32(rng.uniform(0.45, 1.15))
    _shade(face, rng)
    if rng.random() < 0.2:
        _edge(face, rng)
    if rng.random() < 0.2:  # a plastic bag: haze
        haze = np.float32(rng.uniform(0.05, 0.35))
        face += haze * (np.float32(200.0) - face)
    if rng.random() < 0.3:
        _shine(face, rng)
    if rng.random() < 0.25:
        _stick(face, rng)
    return np.clip(face, 0.0, 255.0, out=face)


def oblong_face(stock: Stock, rng: np.random.Generator) -> tuple[Plane, float]:
    """Return the face of a poster, book, sign, window or screen, and its width over its height."""
    aspect = float(rng.uniform(*ASPECTS))
    kind = int(rng.integers(5))
    if kind == 0:  # a picture
        face = stock.part(rng, aspect).astype(np.float32)
    elif kind == 1:
        face = _book(stock, aspect, rng)
    elif kind == 2:  # a stretched cover: a book, a poster
        face = cv2.resize(stock.cover(rng), (96, 64)).astype(np.float32)
    elif kind == 3:  # a sign with lines of print
        face = _sign(rng)
    else:  # a window or a screen: a frame around light
        face = np.empty((64, 96, 3), np.float32)
        face[:] = rng.uniform(0, 90, 3)
        cells = int(rng.integers(1, 4))
        for left in np.linspace(4, 96, cells, endpoint=False).astype(int):
            face[5:-5, left : left + 92 // cells - 4] = rng.uniform(60, 255, 3)
    face *= np.float32(rng.uniform(0.5, 1.15))
    _shade(face, rng)
    return np.clip(face, 0.0, 255.0, out=face), aspect


def _book(stock: Stock, aspect: float, rng: np.random.Generator) -> Plane:
    """Return a picture, often a square one, with a band beside it that bears a title."""
    tall, wide = 96, round(96 * aspect)
    shown = tall if rng.random() < 0.5 else round(wide * rng.uniform(0.55, 0.9))
    picture = stock.cover(rng) if rng.random() < 0.4 else stock.part(rng, shown / tall)
    band = np.empty((tall, wide - shown, 3), np.float32)
    band[:] = rng.uniform(0, 255, 3)
    rows = np.flatnonzero(rng.random(tall - 16) < rng.uniform(0, 0.6)) + 8
    band[rows, 2:-2] = rng.uniform(0, 255, 3)
    parts = [cv2.resize(picture, (shown, tall)).astype(np.float32), band]
    return np.concatenate(parts if rng.random() < 0.5 else parts[::-1], axis=1)


def _sign(rng: np.random.Generator) -> Plane:
    face = np.empty((64, 96, 3), np.float32)
    face[:] = rng.uniform(0, 255, 3)
    print_ = rng.uniform(0, 255, 3).astype(np.float32)
    for top in range(6, 58, int(rng.integers(6, 16))):
        row = face[top : top + int(rng.integers(2, 6)), 6:90]
        row[:, rng.random(row.shape[1]) < rng.uniform(0.3, 0.9)] = print_
    return face


def _shade(face: Plane, rng: np.random.Generator) -> None:
    tilt = rng.uniform(-0.4, 0.4, 2).astype(np.float32)
    down = np.linspace(-0.5, 0.5, face.shape[0], dtype=np.float32)[:, None]
    across = np.linspace(-0.5, 0.5, face.shape[1], dtype=np.float32)[None, :]
    face *= (1 + tilt[0] * down + tilt[1] * across)[..., None]


def _edge(face: Plane, rng: np.random.Generator) -> None:
    """Draw a worn or printed border."""
    wide = max(1, round(face.shape[0] * rng.uniform(0.01, 0.06)))
    paint = rng.uniform(0, 255) * np.ones(3, np.float32)
    for strip in (face[:wide], face[-wide:], face[:, :wide], face[:, -wide:]):
        strip += np.float32(0.8) * (paint - strip)


def _shine(face: Plane, rng: np.random.Generator) -> None:
    """Lay the reflection of a lamp over a face."""
    at = np.linspace(0, 1, face.shape[0], dtype=np.float32)
    x = at[None, :] - np.float32(rng.uniform(0, 1))
    y = at[:, None] - np.float32(rng.uniform(0, 1))
    angle = rng.uniform(0, np.pi)
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    along = (x * cos + y * sin) / np.float32(rng.uniform(0.15, 0.7))
    across = (y * cos - x * sin) / np.float32(rng.uniform(0.04, 0.2))
    light = np.float32(rng.uniform(0.2, 0.9)) * np.exp(-along * along - across * across)
    face += light[..., None] * (np.float32(250.0) - face)


def _stick(face: Plane, rng: np.random.Generator) -> None:
    """Put a price sticker onto a face."""
    side = face.shape[0]
    tall, wide = np.maximum(2, (rng.uniform(0.08, 0.3, 2) * side).astype(int))
    top, left = int(rng.integers(0, side - tall + 1)), int(rng.integers(0, side - wide + 1))
    face[top : top + tall, left : left + wide] = rng.uniform(60, 255, 3)
