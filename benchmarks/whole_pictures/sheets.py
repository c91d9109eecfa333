"""What lies before a camera, flat: sleeves, and rectangles that are none."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from benchmarks.whole_pictures.canvas import Plane
from cratewatch.images.reading import Pixels

WORDS = ("GARDEN", "Sale", "THE NIGHT", "History", "No. 7", "OPEN", "Winter", "ATLAS", "Menu")


def worn(sleeve: Plane, rng: np.random.Generator) -> Plane:
    """Return a sleeve as it is seen: lit unevenly, with worn edges, gloss and a price at times."""
    worn_sleeve = sleeve.copy()
    if rng.random() < 0.2:
        _stick_price(worn_sleeve, rng)
    if rng.random() < 0.5:
        _rub_edges(worn_sleeve, rng)
    if rng.random() < 0.3:
        _shine(worn_sleeve, rng)
    return _lit_unevenly(worn_sleeve, rng)


def book(picture: Plane, rng: np.random.Generator) -> Plane:
    """Return a book's cover: a coloured band with words above or below a picture."""
    shown = picture.copy()
    height, width = shown.shape[:2]
    band = slice(0, int(height * rng.uniform(0.15, 0.4)))
    if rng.random() < 0.5:
        band = slice(height - band.stop, height)
    shown[band] = rng.uniform(0.05, 0.9, 3)
    _write(shown, rng, (int(width * 0.08), (band.start + band.stop) // 2 + 3), width / 190)
    return _lit_unevenly(shown, rng)


def poster(picture: Plane, rng: np.random.Generator) -> Plane:
    """Return a print, with a white or dark border at times."""
    shown = picture.copy()
    if rng.random() < 0.6:
        edge = max(1, int(min(shown.shape[:2]) * rng.uniform(0.03, 0.1)))
        inner = shown[edge:-edge, edge:-edge].copy()
        shown[:] = rng.choice([0.05, 0.3, 0.95])
        shown[edge:-edge, edge:-edge] = inner
    return _lit_unevenly(shown, rng)


def screen(picture: Plane, rng: np.random.Generator) -> Plane:
    """Return a telephone or tablet that shows a picture."""
    shown = np.clip(picture * np.float32(1.15), 0, 1)
    edge = max(1, int(min(shown.shape[:2]) * rng.uniform(0.04, 0.08)))
    framed = np.full_like(shown, rng.uniform(0.01, 0.12))
    framed[2 * edge : -2 * edge, edge:-edge] = shown[2 * edge : -2 * edge, edge:-edge]
    return framed


def sign(picture: Plane, rng: np.random.Generator) -> Plane:
    """Return a sign or a page: one colour with words."""
    height, width = picture.shape[:2]
    shown = np.empty_like(picture)
    shown[:] = rng.uniform(0.6, 0.98, 3) if rng.random() < 0.7 else rng.uniform(0.02, 0.5, 3)
    for line in range(int(rng.integers(1, 6))):
        at = (int(width * rng.uniform(0.05, 0.2)), int(height * (0.2 + 0.15 * line)))
        _write(shown, rng, at, width / rng.uniform(180, 400))
    return _lit_unevenly(shown, rng)


Sheet = Callable[[Plane, np.random.Generator], Plane]
OBLONG: tuple[tuple[Sheet, float, float], ...] = (
    (book, 0.62, 0.76),
    (poster, 0.6, 0.78),
    (screen, 0.45, 0.55),
    (sign, 0.5, 0.75),
)
"""Each with its least and most width as a share of its height."""


def square_of(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Return a square part of a picture."""
    height, width = picture.shape[:2]
    side = int(min(height, width) * rng.uniform(0.6, 1.0))
    top, left = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
    return picture[top : top + side, left : left + side]


def _lit_unevenly(shown: Plane, rng: np.random.Generator) -> Plane:
    height, width = shown.shape[:2]
    x, y = np.linspace(-1, 1, width), np.linspace(-1, 1, height)
    slope = rng.normal(0, 0.08, 2)
    light = 1 + slope[0] * x[None] + slope[1] * y[:, None]
    return np.clip(shown * light[..., None].astype(np.float32), 0, 1)


def _rub_edges(shown: Plane, rng: np.random.Generator) -> None:
    height, width = shown.shape[:2]
    x, y = np.arange(width) / width, np.arange(height) / height
    to_edge = np.minimum(np.minimum(x, 1 - x)[None], np.minimum(y, 1 - y)[:, None])
    wear = np.exp(-to_edge / rng.uniform(0.004, 0.012)) * rng.uniform(0.1, 0.6)
    paper = np.float32(rng.uniform(0.6, 0.9))
    shown += (paper - shown) * wear[..., None].astype(np.float32)


def _shine(shown: Plane, rng: np.random.Generator) -> None:
    """Lay a band of reflected light over a sleeve, as its wrap throws it."""
    height, width = shown.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    angle = rng.uniform(0, np.pi)
    across = (x / width - 0.5) * np.cos(angle) + (y / height - 0.5) * np.sin(angle)
    band = np.exp(-(((across - rng.uniform(-0.4, 0.4)) / rng.uniform(0.03, 0.2)) ** 2))
    shown += (1 - shown) * (band * rng.uniform(0.1, 0.5))[..., None].astype(np.float32)


def _stick_price(shown: Plane, rng: np.random.Generator) -> None:
    height, width = shown.shape[:2]
    w, h = int(width * rng.uniform(0.12, 0.25)), int(height * rng.uniform(0.07, 0.15))
    left, top = int(rng.integers(1, width - w)), int(rng.integers(1, height - h))
    shown[top : top + h, left : left + w] = rng.choice([(1, 0.9, 0.2), (1, 1, 1), (0.9, 0.3, 0.2)])
    price = f"{int(rng.integers(2, 40))},{int(rng.choice([0, 50, 90, 99])):02d}"
    at = (left + max(1, w // 10), top + int(0.75 * h))
    _print(shown, price, at, w / 110, 0.1)


def _write(shown: Plane, rng: np.random.Generator, at: tuple[int, int], scale: float) -> None:
    ink = 0.05 if shown[at[1] - 1, at[0]].mean() > 0.5 else 0.95
    _print(shown, WORDS[int(rng.integers(len(WORDS)))], at, scale, ink)


def _print(shown: Plane, text: str, at: tuple[int, int], scale: float, ink: float) -> None:
    stencil = np.zeros(shown.shape[:2], np.uint8)
    thick = max(1, round(1.5 * scale))
    cv2.putText(stencil, text, at, cv2.FONT_HERSHEY_DUPLEX, scale, 255, thick, cv2.LINE_AA)
    shown += (np.float32(ink) - shown) * (stencil.astype(np.float32) / np.float32(255))[..., None]
