"""Patches for a refiner to learn from, each with what is right of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from cratewatch.finding.config import PATCH_MARGIN, PATCH_PX
from cratewatch.finding.decoding import proposals_of
from cratewatch.finding.drawn_batches import CANVAS_PX
from cratewatch.finding.net import Proposer, scale
from cratewatch.finding.quads import (
    UNIT,
    Quad,
    frame_of,
    homography,
    iou,
    is_sound,
    rectify,
    side_of,
    widened,
)
from cratewatch.finding.targets import SEEN
from cratewatch.synthesis.whole_pictures.drawing import WholePicture
from cratewatch.synthesis.whole_pictures.placing import SIZES_PX

IS_SLEEVE, IS_NONE = 0.5, 0.3
"""Intersection over union with a sleeve from which a proposal is one, and below which none."""
LEAST, MOST = 0.1, 12
MOST_SHIFTED = 3
"""Score of proposals that are looked at; how many of a picture, and of its sleeves."""


@dataclass(frozen=True)
class Look:
    """A patch with what is right of it, see losses.refine_loss()."""

    patch: npt.NDArray[np.uint8]
    good: float
    moves: npt.NDArray[np.float32]
    known: bool


def looks_at(
    proposer: Proposer, pictures: Sequence[WholePicture], rng: np.random.Generator
) -> list[Look]:
    """Return second looks at what a proposer says of pictures, and at their sleeves, shifted."""
    with torch.no_grad():
        images = torch.from_numpy(np.stack([picture.image for picture in pictures]))
        maps = [part.numpy() for part in proposer(scale(images))]
    looks: list[Look] = []
    for picture, heat, offsets in zip(pictures, maps[0][:, 0], maps[1], strict=True):
        proposed = [one.quad for one in proposals_of(heat, offsets, LEAST, MOST)]
        shown = [s.corners for s in picture.sleeves if s.visible >= SEEN]
        chosen = [shown[n] for n in rng.permutation(len(shown))[:MOST_SHIFTED]]
        quads = proposed + [_shifted(quad, rng) for quad in chosen for _ in range(2)]
        sound = [quad for quad in quads if is_sound(quad)] or [_anywhere(rng)]
        looks += [_look(picture, quad, rng) for quad in sound]
    return looks


def _shifted(quad: Quad, rng: np.random.Generator) -> Quad:
    """Return a quad that misses a little, as proposals do, and as the second of two looks does."""
    size = side_of(quad)
    amount = float(rng.choice((0.015, 0.04, 0.08)))
    moved = quad + rng.normal(0, amount, (4, 2)) * size + rng.normal(0, amount, 2) * size
    about = moved.mean(axis=0)
    return np.asarray(about + (moved - about) * np.exp(rng.normal(0, 1.2 * amount)), np.float64)


def _anywhere(rng: np.random.Generator) -> Quad:
    size = math.exp(rng.uniform(*np.log(SIZES_PX)))
    corners = (
        (UNIT - 0.5) * size + rng.uniform(0, CANVAS_PX, 2) + rng.normal(0, 0.08 * size, (4, 2))
    )
    return np.asarray(corners, np.float64)


def _look(picture: WholePicture, quad: Quad, rng: np.random.Generator) -> Look:
    quad = np.roll(quad, int(rng.integers(4)), axis=0)
    patch = rectify(picture.image, widened(frame_of(quad), PATCH_MARGIN), PATCH_PX)
    shares = [iou(quad, sleeve.corners) for sleeve in picture.sleeves]
    best = int(np.argmax(shares)) if shares else -1
    if best < 0 or shares[best] < IS_NONE:
        return Look(patch, 0.0, np.zeros(8, np.float32), known=False)
    sleeve = picture.sleeves[best]
    moves = moves_to(quad, sleeve.corners)
    counts = sleeve.visible >= SEEN
    good = 1.0 if counts and shares[best] >= IS_SLEEVE else -1.0
    return Look(patch, good, moves, known=counts)


def moves_to(quad: Quad, right: Quad) -> npt.NDArray[np.float32]:
    """Return how far each right corner lies from that of the quad's frame, in its sides, (8,)."""
    turns = [np.roll(right, turn, axis=0) for turn in range(4)]
    nearest = min(turns, key=lambda turn: float(np.abs(turn - quad).sum()))
    to_face = np.linalg.inv(homography(frame_of(quad)))
    moved = np.column_stack([nearest, np.ones(4)]) @ to_face.T
    return np.asarray(np.clip(moved[:, :2] / moved[:, 2:] - UNIT, -1, 1).ravel(), np.float32)
