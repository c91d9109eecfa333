"""The sizes at which a picture is looked at: no sleeve is too large or small for all of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from cratewatch.finding.config import PATCH_MARGIN, PATCH_PX, FinderConfig
from cratewatch.finding.quads import Quad, Rgb, frame_of, rectify, rectify_frame, side_of

MULTIPLE = 16
"""Of which the proposer wants both sides."""
SHARPEST = 1.5
"""Pixels of a picture for each of a patch up to which it is sampled as it is."""


@dataclass(frozen=True)
class Level:
    """A picture at one size.

    Attributes:
        pixels: (H, W, 3) uint8 RGB, both sides multiples of MULTIPLE.
        scale_xy: Its pixels for each pixel of the picture, across and down.
    """

    pixels: Rgb
    scale_xy: tuple[float, float]


@dataclass(frozen=True)
class Halvings:
    """A picture, its half, its quarter and so on, (H, W, 3) uint8 RGB each."""

    steps: tuple[Rgb, ...]

    @classmethod
    def of(cls, image: Rgb) -> Halvings:
        """Halve a picture until one of its sides is small."""
        steps = [image]
        while min(steps[-1].shape[:2]) >= 2 * MULTIPLE:
            height, width = steps[-1].shape[:2]
            half = (width // 2, height // 2)
            steps.append(np.asarray(cv2.resize(steps[-1], half, interpolation=cv2.INTER_AREA)))
        return cls(tuple(steps))

    def levels(self, config: FinderConfig) -> list[Level]:
        """Return the levels at which the proposer looks, the largest first."""
        height, width = self.steps[0].shape[:2]
        area = height * width
        kept = min(max(config.share * area, config.least_px), config.most_px, area)
        scale = math.sqrt(kept / area)
        levels = []
        while True:
            levels.append(self._level(scale))
            if min(height, width) * scale <= config.smallest_px:
                return levels
            scale /= 2

    def patch(self, quad: Quad) -> Rgb:
        """Return what is about a quad, in its frame_of(), as a square of PATCH_PX."""
        frame = frame_of(quad)
        middle, spread = frame.mean(axis=0), 1 + 2 * PATCH_MARGIN
        size = side_of(frame) * spread
        step = math.floor(math.log2(max(1.0, size / (SHARPEST * PATCH_PX))) + 0.5)
        image, factor_xy = self._step(step)
        return rectify_frame(image, (middle + (frame - middle) * spread) * factor_xy, PATCH_PX)

    def cut(self, quad: Quad, side_px: int, step: int = 0) -> Rgb:
        """Return what a quad shows as a square of side_px, sampled from a halving."""
        image, factor_xy = self._step(step)
        return rectify(image, quad * factor_xy, side_px)

    def _step(self, step: int) -> tuple[Rgb, tuple[float, float]]:
        """Return a halving and its pixels for each of the picture's, across and down."""
        image = self.steps[min(step, len(self.steps) - 1)]
        full = self.steps[0].shape
        return image, (image.shape[1] / full[1], image.shape[0] / full[0])

    def _level(self, scale: float) -> Level:
        height, width = self.steps[0].shape[:2]
        wide, tall = max(1, round(width * scale)), max(1, round(height * scale))
        near = next(s for s in reversed(self.steps) if s.shape[1] >= wide and s.shape[0] >= tall)
        if near.shape[:2] != (tall, wide):
            near = np.asarray(cv2.resize(near, (wide, tall), interpolation=cv2.INTER_AREA))
        below, right = -tall % MULTIPLE, -wide % MULTIPLE
        padded = cv2.copyMakeBorder(near, 0, below, 0, right, cv2.BORDER_REPLICATE)
        return Level(np.asarray(padded, np.uint8), (wide / width, tall / height))
