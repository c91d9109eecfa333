"""What whole pictures are put together from: covers, scenes and painted hands, held in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from cratewatch.synthesis.backgrounds import (
    Background,
    BackgroundKind,
    draw_background,
    sample_cloth_colour,
)
from cratewatch.synthesis.hand_sampling import HandConfig, sample_hands
from cratewatch.synthesis.hands import PaintedHand, paint_hand
from cratewatch.synthesis.lighting import Light
from cratewatch.synthesis.pixels import Plane, Rgb, stream
from cratewatch.synthesis.sleeve import fit_cover

FACE_PX = 128
"""Side of a cover in the stock: what a network for sleeves up to 150 px can see."""
HAND_FACE_PX = 104
HAND_PX = 176
"""A hand is painted about a sleeve of HAND_FACE_PX in the middle of HAND_PX."""
KINDS: tuple[BackgroundKind, ...] = ("clothing", "crate", "shop")
BACKDROP_PX = 320
UNIT = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], dtype=np.float64)


@dataclass(frozen=True)
class HandProp:
    """A hand at a sleeve, (HAND_PX, HAND_PX) each.

    Attributes:
        colour: (HAND_PX, HAND_PX, 3) uint8 RGB.
        whole: uint8 coverage of the hand and its arm, where no sleeve hides them.
        front: uint8 coverage of what lies before the sleeve.
    """

    colour: Rgb
    whole: Rgb
    front: Rgb


@dataclass(frozen=True)
class Stock:
    """The pieces.

    Attributes:
        covers: (FACE_PX, FACE_PX, 3) uint8 RGB each.
        scenes: Backdrops, uint8 RGB of any size; rectangles that are no sleeves show parts of
            them, too.
    """

    covers: Sequence[Rgb]
    scenes: Sequence[Rgb]
    hands: Sequence[HandProp]

    def cover(self, rng: np.random.Generator) -> Rgb:
        """Return one cover."""
        return self.covers[int(rng.integers(len(self.covers)))]

    def scene(self, rng: np.random.Generator) -> Rgb:
        """Return one backdrop."""
        return self.scenes[int(rng.integers(len(self.scenes)))]

    def hand(self, rng: np.random.Generator) -> HandProp:
        """Return one hand."""
        return self.hands[int(rng.integers(len(self.hands)))]

    def part(self, rng: np.random.Generator, aspect: float) -> Rgb:
        """Return a part of a scene, its width `aspect` times its height."""
        scene = self.scene(rng)
        height, width = scene.shape[:2]
        most = min(height, width / aspect)
        tall = max(2, round(most * rng.uniform(0.25, 0.9)))
        wide = min(width, max(2, round(tall * aspect)))
        top = int(rng.integers(0, height - tall + 1))
        left = int(rng.integers(0, width - wide + 1))
        return scene[top : top + tall, left : left + wide]


def make_stock(
    covers: Sequence[Rgb], scenes: Sequence[Rgb], seed: int, hands: int = 160, drawn: int = 60
) -> Stock:
    """Return the stock of these covers and photographs, with painted hands and drawn backdrops.

    Args:
        covers: (H, W, 3) uint8 RGB of any size.
        scenes: Photographs, uint8 RGB; may be empty.
        drawn: Backdrops of the composite engine beside the photographs.
    """
    rng = stream(seed, "stock")
    backdrops = [_draw_backdrop(rng) for _ in range(drawn)]
    return Stock(
        [fit_cover(cover, FACE_PX) for cover in covers],
        [*scenes, *backdrops],
        [_paint_hand(rng) for _ in range(hands)],
    )


def _draw_backdrop(rng: np.random.Generator) -> Rgb:
    kind = KINDS[int(rng.integers(len(KINDS)))]
    backdrop = Background(kind, sample_cloth_colour(rng), int(rng.integers(2**32)))
    return _bytes(draw_background(backdrop, BACKDROP_PX))


def _paint_hand(rng: np.random.Generator) -> HandProp:
    corners = (HAND_PX - HAND_FACE_PX) / 2 + UNIT * HAND_FACE_PX
    light = Light(
        azimuth_deg=float(rng.normal(-90.0, 40.0)),
        elevation_deg=float(rng.uniform(30.0, 65.0)),
        colour=(1.0, 1.0, 1.0),
        falloff=0.2,
    )
    painted: PaintedHand | None = None
    while painted is None:
        hand = next(iter(sample_hands(rng, HandConfig())), None)
        painted = None if hand is None else paint_hand(hand, corners, HAND_PX, light)
    colour = np.zeros((HAND_PX, HAND_PX, 3), np.uint8)
    whole, front = np.zeros((2, HAND_PX, HAND_PX), np.uint8)
    colour[painted.window] = _bytes(painted.colour)
    whole[painted.window] = _bytes(painted.whole)
    front[painted.window] = _bytes(painted.front)
    return HandProp(colour, whole, front)


def _bytes(plane: Plane) -> Rgb:
    return np.asarray(cv2.convertScaleAbs(np.clip(plane, 0.0, 1.0), alpha=255.0), dtype=np.uint8)
