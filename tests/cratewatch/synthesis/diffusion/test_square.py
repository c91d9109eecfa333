"""Pictures in the model's square and back, and the seam; batches."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cratewatch.errors import CratewatchError
from cratewatch.synthesis.diffusion.batches import Batches, fitting_batch, largest_batch
from cratewatch.synthesis.diffusion.square import cells, fit, paste

GIB = 2**30


def test_a_wide_picture_is_scaled_and_padded_not_cropped():
    image = np.zeros((50, 100, 3), np.uint8)
    image[:, :10] = 200  # its left edge
    placed = fit(image, 64)
    square = placed.image(image)
    assert (placed.rows, placed.columns, placed.top, placed.left) == (32, 64, 16, 0)
    assert (square[:, 0] == 200).all()
    assert (square[:, -1] == 0).all()
    assert placed.box((0.0, 0.0, 0.5, 1.0)) == (0.0, 0.25, 0.5, 0.75)


def test_a_picture_of_the_models_size_stays_as_it_is():
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    placed = fit(image, 64)
    assert np.array_equal(placed.image(image), image)
    assert np.array_equal(placed.back(image), image)


@pytest.mark.parametrize("size", [(50, 100), (300, 40), (1, 200), (64, 64)])
def test_what_comes_back_has_the_pictures_size(size):
    rng = np.random.default_rng(0)
    image = np.full((*size, 3), rng.integers(0, 256, 3), dtype=np.uint8)
    placed = fit(image, 64)
    assert np.array_equal(placed.back(placed.image(image)), image)


def test_a_masks_last_pixel_survives_shrinking():
    mask = np.zeros((640, 320), dtype=np.bool_)
    mask[639, 0] = True
    square = fit(np.zeros((640, 320, 3), np.uint8), 64).mask(mask)
    assert list(zip(*np.nonzero(square), strict=True)) == [(63, 16)]
    assert list(zip(*np.nonzero(cells(square, 8)), strict=True)) == [(7, 2)]


def test_the_seam_fades_over_its_width():
    image, painted = np.zeros((1, 7, 3), np.uint8), np.full((1, 7, 3), 240, np.uint8)
    mask = np.array([[False, True, True, True, True, True, True]])
    faded = paste(image, painted, mask, feather_px=2.0)
    assert faded[0, :, 0].tolist() == [0, 80, 160, 240, 240, 240, 240]  # no seam at the edge
    assert paste(image, painted, mask, feather_px=0.0)[0, :, 0].tolist() == [0] + [240] * 6
    assert (paste(image, painted, np.ones_like(mask), feather_px=2.0) == 240).all()
    assert (paste(image, painted, np.zeros_like(mask), feather_px=2.0) == 0).all()
    assert (image == 0).all()


def test_batches_are_filled_up_and_results_keep_their_order():
    seen = []

    def double(batch: list[int]) -> list[int]:
        seen.append(batch)
        return [2 * item for item in batch]

    assert Batches(3).run([1, 2, 3, 4], double) == [2, 4, 6, 8]
    assert seen == [[1, 2, 3], [4, 4, 4]]
    assert Batches(3).run([], double) == []


def test_batches_halve_until_they_fit():
    tried = []

    def work(batch: list[int]) -> list[int]:
        tried.append(len(batch))
        if len(batch) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return batch

    batches = Batches(10)
    assert batches.run([1, 2, 3], work) == [1, 2, 3]
    assert tried == [10, 5, 2, 2]
    assert batches.size == 2


def test_one_item_that_does_not_fit_is_an_error():
    def work(batch: list[int]) -> list[int]:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(CratewatchError, match="does not hold one picture"):
        Batches(4).run([1], work)


def test_the_batch_by_free_memory():
    # 20 GiB, 85 % of it usable: 17. A batch takes 1 GiB and 2 GiB for each picture: 8 of them.
    assert largest_batch(20 * GIB, one_bytes=3 * GIB, two_bytes=5 * GIB) == 8
    assert largest_batch(19 * GIB, one_bytes=3 * GIB, two_bytes=5 * GIB) == 4
    assert largest_batch(10**15, one_bytes=3 * GIB, two_bytes=5 * GIB) == 64
    assert largest_batch(GIB, one_bytes=3 * GIB, two_bytes=5 * GIB) == 1
    assert largest_batch(4 * GIB, one_bytes=3 * GIB, two_bytes=3 * GIB) == 1  # two did not fit


def test_a_cpu_needs_no_trial():
    def engine_of(batch: int):
        raise AssertionError

    assert fitting_batch(engine_of, torch.device("cpu")) == 8


def test_a_gpus_memory_is_measured(monkeypatch):
    """Of 20 GiB free, painting takes 1 GiB and 2 for each picture beyond the model's 6."""
    painted = []

    class Engine:
        name = "gligen"

        def __init__(self, batch: int) -> None:
            self.batch = batch

        def paint(self, requests):
            assert len(requests) == self.batch
            painted.append(self.batch)
            return [request.image for request in requests]

    memory = {
        "reset_peak_memory_stats": lambda: None,
        "empty_cache": lambda: None,
        "memory_allocated": lambda: 6 * GIB,
        "max_memory_allocated": lambda: (7 + 2 * painted[-1]) * GIB,
        "mem_get_info": lambda: (20 * GIB, 30 * GIB),
    }
    for name, answer in memory.items():
        monkeypatch.setattr(torch.cuda, name, answer)
    assert fitting_batch(Engine, torch.device("cuda")) == 8
    assert painted == [1, 2]
