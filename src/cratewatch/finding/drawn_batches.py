"""Batches of drawn pictures, drawn by other processes meanwhile, turned and mirrored."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from cratewatch.finding.quads import Quad
from cratewatch.synthesis.whole_pictures.drawing import SeenSleeve, WholePicture, draw_picture
from cratewatch.synthesis.whole_pictures.stock import Stock

CANVAS_PX = 256
MOST_KEPT = 2048
"""Drawn pictures that wait for their next use."""


class _Pictures(IterableDataset[list[WholePicture]]):
    def __init__(self, stock: Stock, batch: int, seed: int) -> None:
        super().__init__()
        self.stock, self.batch, self.seed = stock, batch, seed

    def __iter__(self) -> Iterator[list[WholePicture]]:
        cv2.setNumThreads(1)
        info = get_worker_info()
        rng = np.random.default_rng([self.seed, 0 if info is None else info.id])
        while True:
            yield [draw_picture(self.stock, rng, CANVAS_PX) for _ in range(self.batch)]


def draw_batches(
    stock: Stock, pictures: int, uses: int, seed: int, drawers: int = 1
) -> Iterator[list[WholePicture]]:
    """Yield batches without end.

    Args:
        pictures: In a batch.
        uses: How often a picture is used, turned and mirrored anew each time.
        drawers: Processes that draw; 0 draws here.
    """
    loader: DataLoader[list[WholePicture]] = DataLoader(
        _Pictures(stock, pictures, seed),
        batch_size=None,
        num_workers=drawers,
        prefetch_factor=4 if drawers else None,
        multiprocessing_context="forkserver" if drawers else None,
    )
    rng = np.random.default_rng([seed, 1])
    kept: list[WholePicture] = []
    for drawn in loader:
        kept = [*kept, *(drawn * uses)][-MOST_KEPT:]
        for _ in range(uses):
            order = rng.permutation(len(kept))
            chosen = [kept[n] for n in order[:pictures]]
            kept = [kept[n] for n in order[pictures:]]
            yield [turned(one, int(rng.integers(8))) for one in chosen]


def turned(picture: WholePicture, way: int) -> WholePicture:
    """Return a picture in one of eight ways: mirrored from 4 on, and turned by quarters."""
    side = picture.image.shape[0]
    image, mirrored = picture.image, way >= 4
    if mirrored:
        image = image[:, ::-1]
    image = np.rot90(image, -(way % 4))
    sleeves = tuple(
        SeenSleeve(_turn(sleeve.corners, side, way % 4, mirrored=mirrored), sleeve.visible)
        for sleeve in picture.sleeves
    )
    return WholePicture(np.ascontiguousarray(image), sleeves)


def _turn(corners: Quad, side: int, quarters: int, *, mirrored: bool) -> Quad:
    moved = corners.copy()
    if mirrored:
        moved = np.column_stack([side - moved[:, 0], moved[:, 1]])[[1, 0, 3, 2]]
    for _ in range(quarters):
        moved = np.column_stack([side - moved[:, 1], moved[:, 0]])
    return moved
