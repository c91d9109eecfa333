"""Tiny models with random weights, made once, and requests to paint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from cratewatch.synthesis.painting import PaintRequest
from cratewatch.synthesis.scene import PhraseBox
from tests.late import Late

architectures = Late("cratewatch.synthesis.diffusion.architectures")


@pytest.fixture(scope="session")
def gligen_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "gligen"
    architectures.make_model(folder, "gligen")
    return folder


@pytest.fixture(scope="session")
def inpaint_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "inpaint"
    architectures.make_model(folder, "inpaint")
    return folder


Ask = Callable[..., PaintRequest]


@pytest.fixture(scope="session")
def ask() -> Ask:
    """Return a maker of requests: noise as picture, and masks that fill their boxes."""

    def make(
        seed: int,
        *boxes: tuple[str, tuple[float, float, float, float]],
        size: tuple[int, int] = (64, 64),
    ) -> PaintRequest:
        boxes = boxes or (("a hand", (0.25, 0.25, 0.75, 0.75)),)
        height, width = size
        masks = []
        for _, (x0, y0, x1, y1) in boxes:
            mask = np.zeros(size, dtype=np.bool_)
            mask[int(y0 * height) : int(y1 * height), int(x0 * width) : int(x1 * width)] = True
            masks.append(mask)
        image = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
        return PaintRequest(image, tuple(PhraseBox(*box) for box in boxes), tuple(masks), seed)

    return make


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """With several threads a picture's place in its batch tells in the last bit."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
