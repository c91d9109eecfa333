"""How persons look, in numbers that need no training: what re-identification sees, and colours.

The network that ships for re-identification is asked for its maps as well, pooled over strips from
head to foot; beside them stand the colours of strips, as shares of a palette.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.embedding.openvino_runtime import Compiled, free_batch, read_file
from cratewatch.finding.quads import Rgb
from cratewatch.footage.appearance import SHIPPED_APPEARANCE

SIZE_PX = (256, 128)
"""Height and width of the pictures."""
MAPS = ("1127/WithoutBiases", "941", "754")
"""Layers of that network whose inputs, or outputs, are its last map and two earlier ones."""
STRIPS = 8
BATCH = 16
PALETTE = 40
SMALL_PX = (64, 32)
"""Height and width at which colours are counted."""
BODY = slice(5, 27)
CORE = slice(6, 16)
"""Columns of a small picture without its edges, and those in the middle of the body."""
NEAR = 8.0
"""Distance in CIELAB at which a colour counts for a hue of the palette hardly less."""
Floats = npt.NDArray[np.float32]
Blocks = tuple[Floats, ...]


class Looks:
    """Makes numbers of pictures."""

    def __init__(self, threads: int = 0) -> None:
        """Load the network.

        Args:
            threads: That compute; 0: one for each core.
        """
        model = read_file(SHIPPED_APPEARANCE)
        layers = {layer.get_friendly_name(): layer for layer in model.get_ordered_ops()}
        last, *earlier = (layers[name] for name in MAPS)
        model.add_outputs([last.input_value(0), *(layer.output(0) for layer in earlier)])
        self._network = Compiled(free_batch(model), "fp32", threads)

    def __call__(self, pictures: Rgb, palette: Floats) -> Floats:
        """Return (N, D) of pictures (N, *SIZE_PX, 3)."""
        rows = [np.concatenate(blocks, axis=1) for blocks in self.in_batches(pictures, palette)]
        return np.concatenate(rows)

    def in_batches(self, pictures: Rgb, palette: Floats) -> Iterator[Blocks]:
        """Yield what blocks() returns of the pictures, some at a time."""
        for start in range(0, len(pictures), BATCH):
            yield self.blocks(pictures[start : start + BATCH], palette)

    def blocks(self, pictures: Rgb, palette: Floats) -> Blocks:
        """Return the numbers by where they come from, each (N, any)."""
        as_read = np.asarray(pictures, np.float32)[..., ::-1].transpose(0, 3, 1, 2)
        embedded, *maps = self._network(as_read)
        embedded = embedded.reshape(len(pictures), -1)
        embedded = embedded / np.maximum(np.linalg.norm(embedded, axis=1, keepdims=True), 1e-9)
        colours = np.stack([_colours(picture, palette) for picture in pictures])
        return (embedded, *(_strips(one) for one in maps), colours)


def make_palette(pictures: Rgb) -> Floats:
    """Return the colours (PALETTE, 3), in CIELAB, round which those of pictures gather."""
    rng = np.random.default_rng(0)
    pixels = [_lab(picture)[:, BODY].reshape(-1, 3) for picture in pictures]
    drawn = np.concatenate([rows[rng.integers(len(rows), size=40)] for rows in pixels])
    cv2.setRNGSeed(0)
    ends = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 40, 0.1)
    labels = np.zeros(len(drawn), np.int32)
    found = cv2.kmeans(drawn, min(PALETTE, len(drawn)), labels, ends, 2, cv2.KMEANS_PP_CENTERS)
    return np.asarray(found[2], np.float32)


def _strips(maps: Floats) -> Floats:
    count, channels, height, width = maps.shape
    strips = maps.reshape(count, channels, STRIPS, height // STRIPS, width)
    return np.asarray(strips.mean(axis=(3, 4)).reshape(count, -1), np.float32)


def _lab(picture: Rgb) -> Floats:
    small = cv2.resize(picture, SMALL_PX[::-1], interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return np.asarray(lab, np.float32)


def _colours(picture: Rgb, palette: Floats) -> Floats:
    """Return the roots of shares of colours by strip, of the body and of its middle."""
    lab = _lab(picture)
    rows = []
    for columns in (BODY, CORE):
        pixels = lab[:, columns].reshape(STRIPS, -1, 1, 3)
        near = np.exp(-((pixels - palette) ** 2).sum(axis=3) / (2 * NEAR**2))
        shares = near / (near.sum(axis=2, keepdims=True) + 1e-9)
        rows.append(np.sqrt(shares.mean(axis=1)).ravel())
    return np.asarray(np.concatenate(rows), np.float32)
