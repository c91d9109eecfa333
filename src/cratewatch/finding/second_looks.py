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
from cratewatch.finding.net import Proposer, Refiner, scale
from cratewatch.finding.quads import (
    UNIT,
    Quad,
    Rgb,
    frame_of,
    homography,
    iou,
    is_sound,
    moved,
    rectify,
    shape_of,
    side_of,
    widened,
)
from cratewatch.finding.targets import SEEN
from cratewatch.synthesis.whole_pictures.drawing import WholePicture
from cratewatch.synthesis.whole_pictures.placing import SIZES_PX

IS_SLEEVE, IS_NONE = 0.7, 0.3
"""Intersection over union with a sleeve from which a proposal is one, and below which none; in
between it is as good as it overlaps, so that of two quads of a sleeve the better one scores."""
MOVED_SHARE = 0.5
"""Of proposals that are shown where the refiner moved them: what is no sleeve has edges, too."""
LEAST, MOST = 0.1, 12
MOST_SHIFTED = 3
"""Score of proposals that are looked at; how many of a picture, and of its sleeves."""


@dataclass(frozen=True)
class Look:
    """A patch with what is right of it, see losses.refine_loss()."""

    patch: npt.NDArray[np.uint8]
    shape: npt.NDArray[np.float32]
    good: float
    moves: npt.NDArray[np.float32]
    known: bool


def looks_at(
    proposer: Proposer,
    refiner: Refiner,
    pictures: Sequence[WholePicture],
    rng: np.random.Generator,
) -> list[Look]:
    """Return looks at what a proposer says of pictures, and at their sleeves, shifted.

    Args:
        refiner: Moves some of the proposals, as the looks after the first find them.
    """
    with torch.no_grad():
        images = torch.from_numpy(np.stack([picture.image for picture in pictures]))
        maps = [part.numpy() for part in proposer(scale(images))]
    looks: list[Look] = []
    for picture, heat, offsets in zip(pictures, maps[0][:, 0], maps[1], strict=True):
        proposed = [one.quad for one in proposals_of(heat, offsets, LEAST, MOST)]
        proposed = _some_moved(refiner, picture, proposed, rng)
        shown = [s.corners for s in picture.sleeves if s.visible >= SEEN]
        chosen = [shown[n] for n in rng.permutation(len(shown))[:MOST_SHIFTED]]
        quads = proposed + [_shifted(quad, rng) for quad in chosen]
        sound = [quad for quad in quads if is_sound(quad)] or [_anywhere(rng)]
        looks += [_look(picture, quad, rng) for quad in sound]
    return looks


def _some_moved(
    refiner: Refiner, picture: WholePicture, quads: list[Quad], rng: np.random.Generator
) -> list[Quad]:
    """Return quads of which MOVED_SHARE lie where a refiner moved them."""
    lots = rng.random(len(quads)) < MOVED_SHARE
    if not lots.any():
        return quads
    chosen = [quad for quad, lot in zip(quads, lots, strict=True) if lot]
    patches = torch.from_numpy(np.stack([_patch(picture, quad) for quad in chosen]))
    shapes = torch.from_numpy(np.stack([shape_of(quad) for quad in chosen]))
    with torch.no_grad():
        moves = iter(refiner(scale(patches), shapes)[1].numpy())
    return [
        moved(quad, next(moves)) if lot else quad for quad, lot in zip(quads, lots, strict=True)
    ]


def _shifted(quad: Quad, rng: np.random.Generator) -> Quad:
    """Return a quad that misses a little, as proposals do, and as the second of two looks does."""
    size = side_of(quad)
    amount = float(rng.choice((0.015, 0.04, 0.08)))
    shifted = quad + rng.normal(0, amount, (4, 2)) * size + rng.normal(0, amount, 2) * size
    about = shifted.mean(axis=0)
    return np.asarray(about + (shifted - about) * np.exp(rng.normal(0, 1.2 * amount)), np.float64)


def _anywhere(rng: np.random.Generator) -> Quad:
    size = math.exp(rng.uniform(*np.log(SIZES_PX)))
    corners = (
        (UNIT - 0.5) * size + rng.uniform(0, CANVAS_PX, 2) + rng.normal(0, 0.08 * size, (4, 2))
    )
    return np.asarray(corners, np.float64)


def _look(picture: WholePicture, quad: Quad, rng: np.random.Generator) -> Look:
    quad = np.roll(quad, int(rng.integers(4)), axis=0)
    patch, shape = _patch(picture, quad), shape_of(quad)
    shares = [iou(quad, sleeve.corners) for sleeve in picture.sleeves]
    best = int(np.argmax(shares)) if shares else -1
    if best < 0 or shares[best] < IS_NONE:
        return Look(patch, shape, 0.0, np.zeros(8, np.float32), known=False)
    sleeve = picture.sleeves[best]
    moves = moves_to(quad, sleeve.corners)
    counts = sleeve.visible >= SEEN
    overlap = min(1.0, (shares[best] - IS_NONE) / (IS_SLEEVE - IS_NONE))
    return Look(patch, shape, overlap if counts else -1.0, moves, known=counts)


def _patch(picture: WholePicture, quad: Quad) -> Rgb:
    return rectify(picture.image, widened(frame_of(quad), PATCH_MARGIN), PATCH_PX)


def moves_to(quad: Quad, right: Quad) -> npt.NDArray[np.float32]:
    """Return how far each right corner lies from that of the quad's frame, in its sides, (8,)."""
    turns = [np.roll(right, turn, axis=0) for turn in range(4)]
    nearest = min(turns, key=lambda turn: float(np.abs(turn - quad).sum()))
    to_face = np.linalg.inv(homography(frame_of(quad)))
    there = np.column_stack([nearest, np.ones(4)]) @ to_face.T
    return np.asarray(np.clip(there[:, :2] / there[:, 2:] - UNIT, -1, 1).ravel(), np.float32)
