"""Hands to lay over sleeves: cut out of photographs, or painted where there are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from cratewatch.errors import CratewatchError
from cratewatch.evaluation.protocol.query import Rgba
from cratewatch.images.reading import DECODER_ERRORS
from cratewatch.synthesis.hand_sampling import HandConfig, sample_hands
from cratewatch.synthesis.hands import PaintedHand, paint_hand
from cratewatch.synthesis.lighting import Light
from cratewatch.synthesis.pixels import stream

CANVAS_PX = 320
SLEEVE_PX = 200
LEAST_PX = 2000


def load_hands(folder: Path) -> list[Rgba]:
    """Return the cut-outs of a folder's PNG files, in the order of their names.

    Raises:
        CratewatchError: if there is none, or one cannot be read or is not transparent anywhere.
    """
    files = sorted(folder.glob("*.png"))
    if not files:
        raise CratewatchError(f"hands: no .png below {folder}; give a folder of cut-outs")
    return [_load(file) for file in files]


def _load(file: Path) -> Rgba:
    try:
        with Image.open(file) as image:
            hand = np.asarray(image.convert("RGBA"), dtype=np.uint8)
    except DECODER_ERRORS as error:
        raise CratewatchError(f"hands: {file} cannot be read ({error}); remove it") from error
    if hand[..., 3].min() == 255:
        raise CratewatchError(f"hands: {file} is nowhere transparent; give a cut-out")
    return hand


def paint_hands(seed: int, count: int = 40) -> list[Rgba]:
    """Paint hands with the composite engine, whose hands models are trained on as well.

    A measurement with them is friendlier than with load_hands().
    """
    rng = stream(seed, "evaluation hands")
    return [_cut_out(_paint(rng)) for _ in range(count)]


def _paint(rng: np.random.Generator) -> PaintedHand:
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], dtype=np.float64)
    corners = (CANVAS_PX - SLEEVE_PX) / 2 + square * SLEEVE_PX
    light = Light(
        azimuth_deg=float(rng.normal(-90.0, 40.0)),
        elevation_deg=float(rng.uniform(30.0, 65.0)),
        colour=(1.0, 1.0, 1.0),
        falloff=0.2,
    )
    painted = None
    while painted is None or painted.whole.sum() < LEAST_PX:  # most of it off the canvas
        hands = sample_hands(rng, HandConfig(none_share=0.0))
        painted = paint_hand(hands[0], corners, CANVAS_PX, light)
    return painted


def _cut_out(hand: PaintedHand) -> Rgba:
    rgba = np.dstack([hand.colour, hand.whole])
    return np.asarray(np.clip(rgba, 0.0, 1.0) * 255.0, dtype=np.uint8)
