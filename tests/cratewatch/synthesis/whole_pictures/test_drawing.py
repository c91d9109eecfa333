"""Whole pictures that finders learn from."""

from __future__ import annotations

import numpy as np
import pytest

from cratewatch.synthesis.whole_pictures.drawing import WholePicture, draw_picture
from cratewatch.synthesis.whole_pictures.placing import place_sleeves, side_of
from cratewatch.synthesis.whole_pictures.stock import Stock, make_stock
from tests.pictures import draw_noise

SIDE_PX = 192


@pytest.fixture(scope="module")
def stock() -> Stock:
    covers = [np.asarray(draw_noise(seed)) for seed in range(6)]
    return make_stock(covers, [], seed=0, hands=3, drawn=2)


@pytest.fixture(scope="module")
def pictures(stock: Stock) -> list[WholePicture]:
    return [draw_picture(stock, np.random.default_rng(n), SIDE_PX) for n in range(40)]


def test_the_same_state_draws_the_same_picture(stock: Stock) -> None:
    one, other = (draw_picture(stock, np.random.default_rng(5), SIDE_PX) for _ in range(2))
    assert (one.image == other.image).all()
    assert len(one.sleeves) == len(other.sleeves)


def test_pictures_show_from_no_sleeve_to_many(pictures: list[WholePicture]) -> None:
    assert {picture.image.shape for picture in pictures} == {(SIDE_PX, SIDE_PX, 3)}
    counts = [len(picture.sleeves) for picture in pictures]
    assert min(counts) == 0
    assert max(counts) > 3


def test_some_sleeves_are_hidden_in_part_and_some_are_whole(pictures: list[WholePicture]) -> None:
    visible = [sleeve.visible for picture in pictures for sleeve in picture.sleeves]
    assert all(0 <= share <= 1 for share in visible)
    assert any(share > 0.97 for share in visible)
    assert any(0.1 < share < 0.7 for share in visible)


def test_a_sleeve_outside_the_picture_is_not_visible(stock: Stock) -> None:
    for seed in range(200):
        drawn = draw_picture(stock, np.random.default_rng(seed), 64)
        for sleeve in drawn.sleeves:
            if (sleeve.corners < 0).all(axis=0).any():
                assert sleeve.visible == 0
                return
    pytest.fail("no sleeve lay outside")


def test_sizes_span_what_is_looked_for() -> None:
    placed = [p for seed in range(150) for p in place_sleeves(np.random.default_rng(seed), 256)]
    sizes = np.array([side_of(one.corners) for one in placed])
    assert np.percentile(sizes, 5) < 32
    assert np.percentile(sizes, 85) > 80
    assert sizes.max() > 160
