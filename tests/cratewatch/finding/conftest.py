"""Fixtures of the tests of finding."""

from __future__ import annotations

import numpy as np
import pytest

from cratewatch.finding.finder import Finder
from cratewatch.finding.loading import load_finder
from cratewatch.synthesis.whole_pictures.stock import Stock, make_stock
from tests.cratewatch.finding.scenes import room
from tests.pictures import draw_noise


@pytest.fixture(scope="session")
def drawn_stock() -> Stock:
    """Covers and scenes of the tests' own."""
    covers = [np.asarray(draw_noise(seed)) for seed in range(12)]
    return make_stock(covers, [room(320, 240, seed) for seed in range(3)], 0, hands=4, drawn=2)


@pytest.fixture(scope="session")
def finder() -> Finder:
    """The finder that ships."""
    return load_finder()
