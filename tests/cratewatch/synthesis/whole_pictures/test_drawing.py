"""Whole pictures that finders learn from."""

from __future__ import annotations

import numpy as np
import pytest

from cratewatch.synthesis.sleeve import homography
from cratewatch.synthesis.whole_pictures.drawing import WholePicture, draw_picture
from cratewatch.synthesis.whole_pictures.faces import _book
from cratewatch.synthesis.whole_pictures.placing import _table, place_sleeves, side_of
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


def test_sleeves_on_a_table_lie_on_one_plane_before_the_eye() -> None:
    """Seen at once they are squares: the map from one to the next keeps squares square."""
    tables = [_table(np.random.default_rng(seed), 256) for seed in range(60)]
    several = [table for table in tables if len(table) > 1]
    assert len(several) > 20
    for first, second in ((table[0].corners, table[1].corners) for table in several):
        to_plane = np.linalg.inv(homography(first))
        flat = np.column_stack([second, np.ones(4)]) @ to_plane.T
        flat = flat[:, :2] / flat[:, 2:]
        edges = np.hypot(*(np.roll(flat, -1, axis=0) - flat).T)
        assert edges == pytest.approx(np.ones(4), abs=1e-4)


def test_a_book_bears_a_title_beside_its_picture(stock: Stock) -> None:
    for seed in range(8):
        face = _book(stock, 1.4, np.random.default_rng(seed))
        assert face.shape == (96, 134, 3)
        rows = (face[:4] == face[:4, :1]).all(axis=(0, 2))
        assert rows[:8].all() or (face[:4] == face[:4, -1:]).all(axis=(0, 2))[-8:].all()


def test_sizes_span_what_is_looked_for() -> None:
    placed = [p for seed in range(150) for p in place_sleeves(np.random.default_rng(seed), 256)]
    sizes = np.array([side_of(one.corners) for one in placed])
    assert np.percentile(sizes, 5) < 32
    assert np.percentile(sizes, 85) > 80
    assert sizes.max() > 160
