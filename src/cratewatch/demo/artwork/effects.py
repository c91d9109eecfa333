"""What a draughtsman does to a line of type before it is printed."""

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np

from cratewatch.demo.artwork.canvas import Mask
from cratewatch.demo.artwork.chance import Chance

Effect = Callable[[Mask, Chance], Mask]


def plain(mask: Mask, _chance: Chance) -> Mask:
    """Leave the line as it is."""
    return mask


def thickened(mask: Mask, chance: Chance) -> Mask:
    """Thicken along one axis more than the other: fat faces and western slabs."""
    return _grown(np.pad(mask, 8), *chance.pick(((3, 13), (13, 3), (9, 9), (5, 11))))


def thinned(mask: Mask, _chance: Chance) -> Mask:
    """Take off the edges."""
    return _shrunk(mask, 5)


def outlined(mask: Mask, _chance: Chance) -> Mask:
    """Leave the edges alone."""
    padded = np.pad(mask, 8)
    return _grown(padded, 9, 9) - padded


def inlined(mask: Mask, chance: Chance) -> Mask:
    """Cut a line into the strokes' middle."""
    fat = thickened(mask, chance)
    core = _shrunk(fat, 9)
    return fat - (core - _shrunk(core, 5))


def _grown(mask: Mask, tall_px: int, wide_px: int) -> Mask:
    return np.asarray(cv2.dilate(mask, np.ones((tall_px, wide_px), np.uint8)), np.uint8)


def _shrunk(mask: Mask, px: int) -> Mask:
    return np.asarray(cv2.erode(mask, np.ones((px, px), np.uint8)), np.uint8)


def stencilled(mask: Mask, chance: Chance) -> Mask:
    """Cut bridges across, as in a stencil."""
    pitch, rows = chance.count(14, 34), np.arange(len(mask))
    bridge = (rows - pitch // 2) % pitch < max(1, pitch // 4)
    return np.where(bridge[:, None], 0, mask).astype(np.uint8)


def roughened(mask: Mask, chance: Chance) -> Mask:
    """Fray the edges."""
    height, width = mask.shape
    noise = chance.rng.normal(0, 70, (height // 3 + 1, width // 3 + 1)).astype(np.float32)
    rough = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    soft = cv2.GaussianBlur(mask, (0, 0), 4).astype(np.float32)
    return np.where(soft + rough > 120, 255, 0).astype(np.uint8)


def sliced(mask: Mask, chance: Chance) -> Mask:
    """Shift slices sideways."""
    sliced = np.pad(mask, ((0, 0), (16, 16)))
    for top, bottom in pairwise(np.sort(chance.rng.integers(0, len(mask), 5))):
        sliced[top:bottom] = np.roll(sliced[top:bottom], chance.count(-14, 15), axis=1)
    return sliced


def waved(mask: Mask, chance: Chance) -> Mask:
    """Swing the line up and down."""
    swing = len(mask) * 0.16
    padded = np.pad(mask, ((int(swing) + 1,) * 2, (0, 0)))
    rows, columns = np.indices(padded.shape, dtype=np.float32)
    shift = np.float32(swing) * np.sin(columns / (len(mask) * 0.7) + chance.within(0, 6))
    moved = cv2.remap(padded, np.asarray(columns), np.asarray(rows + shift), cv2.INTER_LINEAR)
    return np.asarray(moved, np.uint8)


def dotted(mask: Mask, _chance: Chance) -> Mask:
    """Screen the strokes into dots."""
    dot = np.zeros((11, 11), np.uint8)
    cv2.circle(dot, (5, 5), 5, 255, -1, cv2.LINE_AA)
    height, width = mask.shape
    screen = np.tile(dot, (height // 11 + 1, width // 11 + 1))[:height, :width]
    return np.minimum(_grown(mask, 9, 9), screen)


def worn(mask: Mask, chance: Chance) -> Mask:
    """Rub ink off in patches."""
    wear = cv2.resize(chance.clouds(12, octaves=3, fall=0.9, side_px=96), mask.shape[::-1])
    return np.where(np.asarray(wear) > 0.42, mask, 0).astype(np.uint8)


EFFECTS: tuple[Effect, ...] = (
    plain, plain, plain, plain, thickened, thickened, thinned, outlined, inlined,
    stencilled, roughened, sliced, waved, dotted, worn,
)  # fmt: skip
