"""What a draughtsman does to a line of type before it is printed."""

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np

from cratewatch.demo.artwork.canvas import Mask, pick
from cratewatch.demo.artwork.noise import fractal

Effect = Callable[[Mask, np.random.Generator], Mask]


def plain(mask: Mask, _rng: np.random.Generator) -> Mask:
    return mask


def thickened(mask: Mask, rng: np.random.Generator) -> Mask:
    """Thicken along one axis more than the other: fat faces and western slabs."""
    kernel = np.ones(pick(rng, ((3, 13), (13, 3), (9, 9), (5, 11))), np.uint8)
    return np.asarray(cv2.dilate(np.pad(mask, 8), kernel), np.uint8)


def thinned(mask: Mask, _rng: np.random.Generator) -> Mask:
    return np.asarray(cv2.erode(mask, np.ones((5, 5), np.uint8)), np.uint8)


def outlined(mask: Mask, _rng: np.random.Generator) -> Mask:
    padded = np.pad(mask, 8)
    return np.asarray(cv2.dilate(padded, np.ones((9, 9), np.uint8)), np.uint8) - padded


def inlined(mask: Mask, rng: np.random.Generator) -> Mask:
    fat = thickened(mask, rng)
    core = np.asarray(cv2.erode(fat, np.ones((9, 9), np.uint8)), np.uint8)
    line = core - np.asarray(cv2.erode(core, np.ones((5, 5), np.uint8)), np.uint8)
    return fat - line


def stencilled(mask: Mask, rng: np.random.Generator) -> Mask:
    cut = mask.copy()
    pitch = int(rng.integers(14, 34))
    cut[pitch // 2 :: pitch] = 0
    for offset in range(1, pitch // 4):
        cut[pitch // 2 + offset :: pitch] = 0
    return cut


def roughened(mask: Mask, rng: np.random.Generator) -> Mask:
    height, width = mask.shape
    noise = rng.normal(0, 70, (height // 3 + 1, width // 3 + 1)).astype(np.float32)
    rough = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    soft = cv2.GaussianBlur(mask, (0, 0), 4).astype(np.float32)
    return np.where(soft + rough > 120, 255, 0).astype(np.uint8)


def sliced(mask: Mask, rng: np.random.Generator) -> Mask:
    sliced = np.pad(mask, ((0, 0), (16, 16)))
    edges = np.sort(rng.integers(0, mask.shape[0], 5))
    for top, bottom in pairwise(edges):
        sliced[top:bottom] = np.roll(sliced[top:bottom], int(rng.integers(-14, 15)), axis=1)
    return sliced


def waved(mask: Mask, rng: np.random.Generator) -> Mask:
    height, width = mask.shape
    amplitude = height * 0.16
    padded = np.pad(mask, ((int(amplitude) + 1,) * 2, (0, 0)))
    columns, rows = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(padded.shape[0], dtype=np.float32)
    )
    phase = rng.uniform(0, 6)
    rows += np.float32(amplitude) * np.sin(columns / np.float32(height * 0.7) + np.float32(phase))
    return np.asarray(cv2.remap(padded, columns, rows, cv2.INTER_LINEAR), np.uint8)


def dotted(mask: Mask, _rng: np.random.Generator) -> Mask:
    pitch = 11
    dot = np.zeros((pitch, pitch), np.uint8)
    cv2.circle(dot, (pitch // 2, pitch // 2), pitch // 2, 255, -1, cv2.LINE_AA)
    height, width = mask.shape
    screen = np.tile(dot, (height // pitch + 1, width // pitch + 1))[:height, :width]
    fat = np.asarray(cv2.dilate(mask, np.ones((9, 9), np.uint8)), np.uint8)
    return np.minimum(fat, screen)


def worn(mask: Mask, rng: np.random.Generator) -> Mask:
    height, width = mask.shape
    wear = cv2.resize(fractal(rng, 96, 12, octaves=3, fall=0.9), (width, height))
    return np.where(wear > 0.42, mask, 0).astype(np.uint8)


EFFECTS: tuple[Effect, ...] = (
    plain, plain, plain, plain, thickened, thickened, thinned, outlined, inlined,
    stencilled, roughened, sliced, waved, dotted, worn,
)  # fmt: skip
