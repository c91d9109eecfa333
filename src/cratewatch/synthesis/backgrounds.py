"""What stands behind the sleeve: clothing, a crate of records, a shop out of focus."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import cv2
import numpy as np

from cratewatch.synthesis.pixels import (
    Colour,
    Plane,
    blend,
    blur,
    dim,
    scaled_to,
    soften,
    stream,
    tint,
    value_noise,
)

WEAVE_PX = 64
BackgroundKind: TypeAlias = Literal["clothing", "crate", "shop"]


@dataclass(frozen=True)
class Background:
    """A backdrop; the seed fixes its folds, spines and shelves."""

    kind: BackgroundKind
    colour: Colour
    seed: int


def draw_background(background: Background, side_px: int) -> Plane:
    """Return a backdrop (S, S, 3), colours 0..1."""
    rng = stream(background.seed, "background")
    draw = {"clothing": _clothing, "crate": _crate, "shop": _shop}[background.kind]
    # Backdrops are out of focus anyway; half the side is a quarter of the work.
    backdrop = scaled_to(draw(rng, background.colour, side_px // 2), (side_px, side_px))
    return np.asarray(np.clip(backdrop, 0.0, 1.0, out=backdrop), dtype=np.float32)


def _clothing(rng: np.random.Generator, colour: Colour, side: int) -> Plane:
    folds = (
        value_noise(rng, (side, side), (4, 9)) * 0.10
        + value_noise(rng, (side, side), (9, 14)) * 0.05
    )
    body = np.cos(np.linspace(-1.1, 1.1, side, dtype=np.float32) + rng.uniform(-0.3, 0.3))
    weave = np.tile(rng.normal(0.0, 0.012, (WEAVE_PX, WEAVE_PX)), (-(-side // WEAVE_PX),) * 2)
    shade = (0.55 + 0.5 * body)[None, :] + folds + weave[:side, :side]
    cloth = tint(shade.astype(np.float32), colour)
    if rng.random() < 0.5:
        _open_jacket(rng, cloth)
    return np.asarray(cloth, dtype=np.float32)


def _open_jacket(rng: np.random.Generator, cloth: Plane) -> None:
    """Let a shirt of another colour show between the two halves of a jacket."""
    side = cloth.shape[0]
    middle, top, bottom = rng.uniform(0.35, 0.65), rng.uniform(0.1, 0.25), rng.uniform(0.02, 0.3)
    gap = np.array(
        [
            [middle - top, 0],
            [middle + top, 0],
            [middle + bottom, 1],
            [middle - bottom, 1],
        ]
    )
    mask = np.zeros((side, side), dtype=np.uint8)
    cv2.fillPoly(mask, [np.rint(gap * side).astype(np.int32)], 255)
    red, green, blue = rng.uniform(0.1, 0.9) * rng.uniform(0.6, 1.1, 3)
    fold = np.float32(1.0) + np.float32(0.12) * value_noise(rng, (side, side), (4, 9))
    blend(cloth, tint(fold, (red, green, blue)), soften(mask, 0.6))


def _crate(rng: np.random.Generator, colour: Colour, side: int) -> Plane:
    """Return the tops of a row of sleeves, seen from above, between two wooden walls."""
    spines = int(rng.integers(30, 80))
    grey = rng.uniform(0.05, 0.9, (spines, 1, 1))
    paper = grey * rng.uniform(0.7, 1.1, (spines, 1, 3))
    row = np.repeat(paper, 3, axis=0).astype(np.float32)
    row[2::3] *= 0.35
    dust = np.float32(0.8) + np.float32(0.25) * value_noise(rng, (side, side), (3, 5))
    stack = np.asarray(cv2.resize(row, (side, side)), dtype=np.float32)
    dim(stack, dust)
    wall = round(side * rng.uniform(0.06, 0.16))
    grain = np.float32(1.0) + np.float32(0.16) * value_noise(rng, (side, wall), (24, 3))
    wood = tint(grain, (0.55, 0.40, 0.26))
    stack[:, :wall], stack[:, -wall:] = wood, wood[:, ::-1]
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), rng.uniform(-20, 20), 1.35)
    turned = cv2.warpAffine(stack, turn, (side, side), borderMode=cv2.BORDER_REFLECT)
    return blur(np.asarray(turned, dtype=np.float32), rng.uniform(0.4, 1.1)) * np.float32(
        0.6 + 0.4 * max(colour)
    )


def _shop(rng: np.random.Generator, colour: Colour, side: int) -> Plane:
    """Return shelves and people as soft blocks of colour."""
    small = max(24, side // 3)
    scene = np.empty((small, small, 3), dtype=np.float32)
    scene[:] = 0.35 + 0.5 * np.asarray(colour, dtype=np.float32)
    for _ in range(int(rng.integers(10, 26))):
        x, y = rng.integers(-4, small, 2)
        width, height = rng.integers(3, small // 2, 2)
        paint = rng.uniform(0.05, 0.9) * rng.uniform(0.6, 1.1, 3)
        scene[max(0, y) : y + height, max(0, x) : x + width] = paint
    return scaled_to(blur(scene, rng.uniform(0.8, 2.2)), (side, side))


def sample_cloth_colour(rng: np.random.Generator) -> Colour:
    """Sample the colour of a garment; most are dark or muted."""
    value, saturation = rng.beta(1.3, 1.8), rng.beta(1.2, 2.5)
    tint = rng.uniform(0.0, 1.0, 3)
    red, green, blue = (0.06 + 0.9 * value) * (1.0 - saturation * tint)
    return float(red), float(green), float(blue)
