"""Draws one whole picture: a scene, sleeves in it, what looks like sleeves, hands, a camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.whole_pictures.arranging import Setting, arrange, place, size_px
from benchmarks.whole_pictures.background import Background, choose_background
from benchmarks.whole_pictures.camera import photograph
from benchmarks.whole_pictures.canvas import Canvas, Plane, Shadow, fitted
from benchmarks.whole_pictures.holding import hold
from benchmarks.whole_pictures.sheets import OBLONG, poster, square_of, worn
from benchmarks.whole_pictures.stock import Cover, Stock
from cratewatch.evaluation.finding.quads import Quad
from cratewatch.evaluation.finding.truth import MOST_HIDDEN, TrueSleeve, Truth

SLEEVES = (0.38, 0.2, 0.15, 0.11, 0.08, 0.08)
"""Shares of the pictures with one, two, … sleeves."""
HANDS: dict[Setting, tuple[float, float, float]] = {
    "held": (0.2, 0.42, 0.38),
    "wall": (0.9, 0.08, 0.02),
    "table": (0.75, 0.2, 0.05),
    "stack": (0.3, 0.45, 0.25),
}
"""Shares of the sleeves with no, one and two hands; of a stack only the front one is held."""
NO_HANDS = (1.0, 0.0, 0.0)
OBLONG_SHARE, OBLONG_SHARE_ALONE, SQUARE_SHARE = 0.3, 0.5, 0.12
SQUARELY = 0.78
"""What is wider than this share of its height, as seen, could be a sleeve that is turned aside."""


@dataclass(frozen=True)
class Drawn:
    """A picture and all that is known of it.

    Attributes:
        setting: How its sleeves lie; None if there is none.
        cover_files: Of each sleeve of the truth.
    """

    jpeg: bytes
    truth: Truth
    setting: Setting | None
    cover_files: tuple[str, ...]


@dataclass(frozen=True)
class _Scene:
    """What a picture is drawn on and from."""

    stock: Stock
    canvas: Canvas
    background: Background
    rng: np.random.Generator


def draw(stock: Stock, seed: int, number: int, *, with_sleeves: bool) -> Drawn:
    """Draw a picture; the same arguments and stock give the same bytes."""
    rng = np.random.default_rng([seed, number, 16])
    background = choose_background(stock, rng)
    camera = background.camera
    canvas = Canvas(background.picture, camera.width_px, camera.height_px)
    scene = _Scene(stock, canvas, background, rng)
    oblong = _lay_oblong(scene, OBLONG_SHARE if with_sleeves else OBLONG_SHARE_ALONE)
    unknown = _lay_unknown(scene)
    setting, laid = _lay_sleeves(scene) if with_sleeves else (None, [])
    truth, files = _truth(canvas, laid, unknown, oblong)
    jpeg = photograph(canvas.picture(), background.softness_px, rng)
    return Drawn(jpeg, truth, setting if laid else None, files)


_Laid = tuple[int, Quad, Cover]
"""A sleeve's number on the canvas, its corners and its cover."""


def _lay_sleeves(scene: _Scene) -> tuple[Setting, list[_Laid]]:
    rng, stock = scene.rng, scene.stock
    count = 1 + int(rng.choice(len(SLEEVES), p=SLEEVES))
    arrangement = arrange(scene.background.camera, count, rng)
    chosen = rng.choice(len(stock.covers), len(arrangement.quads), replace=False)
    shadow = _shadow(rng, arrangement.setting)
    laid = []
    for quad, number in zip(arrangement.quads, chosen, strict=True):
        cover = stock.covers[int(number)]
        picture = worn(fitted(stock.cover(cover), quad), rng)
        laid.append((scene.canvas.lay(quad, _lit(scene, picture), shadow), quad, cover))
        behind = arrangement.setting == "stack" and quad is not arrangement.quads[-1]
        _hold(scene, quad, NO_HANDS if behind else HANDS[arrangement.setting])
    return arrangement.setting, laid


def _truth(
    canvas: Canvas, laid: list[_Laid], unknown: list[Quad], oblong: list[Quad]
) -> tuple[Truth, tuple[str, ...]]:
    shown: list[TrueSleeve] = []
    too_hidden: list[Quad] = []
    files: list[str] = []
    for number, quad, cover in laid:
        hidden = canvas.hidden(number)
        if hidden > MOST_HIDDEN:
            too_hidden.append(quad)
        else:
            shown.append(TrueSleeve(quad, cover.artwork, hidden))
            files.append(cover.file)
    truth = Truth(tuple(shown), tuple(unknown), tuple(too_hidden), tuple(oblong))
    return truth, tuple(files)


def _lay_oblong(scene: _Scene, share: float) -> list[Quad]:
    """Lay books, posters, screens and signs; return where."""
    rng = scene.rng
    quads = []
    count = int(rng.integers(1, 4)) if rng.random() < share else 0
    for _ in range(count):
        sheet, least, most = OBLONG[int(rng.integers(len(OBLONG)))]
        width = rng.uniform(least, most)
        quad = _oblong(scene, width)
        picture = sheet(fitted(_other_picture(scene), quad, width), rng)
        scene.canvas.lay(quad, _lit(scene, picture), _shadow(rng, "held"))
        _hold(scene, quad, (0.6, 0.3, 0.1))
        quads.append(quad)
    return quads


def _oblong(scene: _Scene, width: float) -> Quad:
    camera, rng = scene.background.camera, scene.rng
    while True:
        turn = float(rng.choice([0.0, 90.0], p=[0.8, 0.2]) + rng.normal(0, 6))
        quad = place(camera, width, rng, size_px(camera, 0.7, rng) * 1.2, turn)
        edges = np.hypot(*(np.roll(quad, -1, axis=0) - quad).T)
        if (edges[0] + edges[2]) / (edges[1] + edges[3]) < SQUARELY:
            return quad


def _lay_unknown(scene: _Scene) -> list[Quad]:
    """Lay, at times, a square print that no gallery knows."""
    rng, camera = scene.rng, scene.background.camera
    if rng.random() >= SQUARE_SHARE:
        return []
    quad = place(camera, 1.0, rng, size_px(camera, 0.6, rng), float(rng.normal(0, 8)))
    picture = poster(fitted(square_of(_other_picture(scene), rng), quad), rng)
    scene.canvas.lay(quad, _lit(scene, picture), _shadow(rng, "held"))
    _hold(scene, quad, (0.5, 0.4, 0.1))
    return [quad]


def _other_picture(scene: _Scene) -> np.ndarray:
    files = scene.stock.sharp
    return scene.stock.scene(files[int(scene.rng.integers(len(files)))])


def _hold(scene: _Scene, quad: Quad, shares: tuple[float, float, float]) -> None:
    rng, stock = scene.rng, scene.stock
    count = int(rng.choice(3, p=shares))
    hands = [stock.hands[int(n)] for n in rng.choice(len(stock.hands), count, replace=False)]
    hold(scene.canvas, quad, hands, rng, scene.background.light)


def _lit(scene: _Scene, picture: Plane) -> Plane:
    """Return a picture in the light of the scene, each thing somewhat lighter or darker."""
    gain = scene.background.tint * np.float32(scene.rng.uniform(0.85, 1.15))
    return np.clip(picture * gain, 0, 1)


def _shadow(rng: np.random.Generator, setting: Setting) -> Shadow:
    far = 0.05 if setting == "held" else 0.015
    dx, dy = rng.normal(0, far), abs(rng.normal(0, far))
    return Shadow(dx, dy, rng.uniform(0.01, 2 * far), rng.uniform(0.15, 0.6))
