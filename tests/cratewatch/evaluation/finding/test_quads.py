"""Areas by hand, and the overlap of random quads against counted points."""

import numpy as np
import pytest

from cratewatch.evaluation.finding.quads import (
    Quad,
    area,
    contains,
    corner_error,
    iou,
    is_convex,
    overlap,
    side_px,
)
from tests.told_sleeves import square


def test_a_square_runs_clockwise_as_seen() -> None:
    assert area(square(3, 4, 10)) == 100
    assert area(square(3, 4, 10)[::-1]) == -100
    assert side_px(square(3, 4, 10)[::-1]) == 10


def test_half_of_two_squares_overlaps() -> None:
    one, other = square(0, 0, 10), square(5, 0, 10)
    assert overlap(one, other) == 50
    assert iou(one, other) == pytest.approx(50 / 150)
    assert iou(one, other[::-1]) == pytest.approx(50 / 150), "either way round"
    assert iou(one, one) == pytest.approx(1)
    assert iou(one, square(2, 2, 5)) == pytest.approx(0.25), "one within the other"
    assert iou(one, square(10, 0, 10)) == 0, "side by side"


def test_a_diamond_in_a_square_covers_half_of_it() -> None:
    diamond = np.array([(5, 0), (10, 5), (5, 10), (0, 5)], np.float64)
    assert iou(square(0, 0, 10), diamond) == pytest.approx(0.5)


def random_quad(rng: np.random.Generator) -> Quad:
    while True:
        quad = square(rng.uniform(0, 40), rng.uniform(0, 40), rng.uniform(10, 40)) + rng.uniform(
            -9, 9, (4, 2)
        )
        if is_convex(quad):
            return np.roll(quad, rng.integers(4), axis=0)[:: rng.choice([1, -1])]


@pytest.mark.parametrize("seed", range(20))
def test_the_overlap_is_the_share_of_points_in_both(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = random_quad(rng), random_quad(rng)
    points = rng.uniform(-10, 90, (4000, 2))
    both = [contains(one, point) and contains(other, point) for point in points]
    assert overlap(one, other) == pytest.approx(np.mean(both) * 100**2, abs=160)
    assert overlap(one, other) == pytest.approx(overlap(other, one))


@pytest.mark.parametrize(
    "broken",
    [
        np.zeros((4, 2)),
        np.array([(0, 0), (10, 0), (0, 10), (10, 10)], np.float64),
        np.array([(0, 0), (10, 0), (3, 3), (0, 10)], np.float64),
        np.array([(0, 0), (5, 0), (10, 0), (15, 0)], np.float64),
        np.full((4, 2), np.nan),
    ],
    ids=["a point", "crossing itself", "dented", "a line", "no numbers"],
)
def test_what_is_no_convex_quad_covers_nothing(broken: Quad) -> None:
    assert not is_convex(broken)
    assert iou(broken, square(0, 0, 10)) == iou(square(0, 0, 10), broken) == 0


def test_corners_may_start_anywhere_and_run_either_way() -> None:
    true = square(0, 0, 100)
    moved = true + np.array([3, 4])
    for start in range(4):
        assert corner_error(np.roll(moved, start, axis=0), true) == pytest.approx(0.05)
        assert corner_error(np.roll(moved[::-1], start, axis=0), true) == pytest.approx(0.05)


def test_one_corner_of_four_that_is_off_counts_a_quarter() -> None:
    found = square(0, 0, 100)
    found[2] += (6, 8)
    assert corner_error(found, square(0, 0, 100)) == pytest.approx(0.025)
