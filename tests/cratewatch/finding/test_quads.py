"""Geometry of quads."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cratewatch.finding.quads import (
    UNIT,
    area_of,
    centre_of,
    frame_of,
    iou,
    is_sound,
    most_ious,
    on_face,
    rectify,
    rectify_frame,
    shape_of,
    side_of,
    widened,
)

SQUARE = UNIT * 10 + (5, 7)
LEANING = np.array([(10, 12), (48, 20), (44, 60), (6, 40)], np.float64)


def test_the_centre_of_a_square_is_its_middle() -> None:
    assert centre_of(SQUARE) == pytest.approx([10, 12])


def test_the_centre_in_perspective_is_that_of_the_flat_sleeve() -> None:
    assert centre_of(LEANING) == pytest.approx(on_face(LEANING, np.array([(0.5, 0.5)]))[0])


def test_a_quad_without_area_has_a_centre() -> None:
    assert np.isfinite(centre_of(np.zeros((4, 2)))).all()


def test_area_and_side() -> None:
    assert area_of(SQUARE) == pytest.approx(100)
    assert area_of(SQUARE[::-1]) == pytest.approx(-100)
    assert side_of(SQUARE) == pytest.approx(10)


def test_overlap_of_squares() -> None:
    assert iou(SQUARE, SQUARE) == pytest.approx(1, abs=1e-4)
    assert iou(SQUARE, SQUARE + np.array([5, 0])) == pytest.approx(50 / 150, abs=1e-4)
    assert iou(SQUARE, SQUARE + 100) == 0


@pytest.mark.parametrize(
    "quad",
    [
        SQUARE[::-1],
        SQUARE[[0, 2, 1, 3]],
        np.zeros((4, 2)),
        SQUARE * (1, 0.1),
        np.full((4, 2), np.nan),
        np.array([(0, 0), (10, 0), (4, 4), (0, 10)], np.float64),
    ],
)
def test_what_is_no_sleeve_is_not_sound(quad: np.ndarray) -> None:
    assert is_sound(SQUARE)
    assert not is_sound(quad)


def test_a_widened_square_has_the_margin_on_each_side() -> None:
    assert widened(SQUARE, 0.1) == pytest.approx(UNIT * 12 + (4, 6))


def test_a_rectified_quad_shows_what_was_drawn_on_it() -> None:
    picture = np.zeros((80, 80, 3), np.uint8)
    middle = np.rint(on_face(LEANING, np.array([(0.25, 0.75)]))[0]).astype(int)
    picture[middle[1] - 2 : middle[1] + 3, middle[0] - 2 : middle[0] + 3] = 255
    patch = rectify(picture, LEANING, 40)
    rows, columns = np.nonzero(patch[..., 0] > 128)
    assert rows.mean() == pytest.approx(30, abs=1.5)
    assert columns.mean() == pytest.approx(10, abs=1.5)


def test_a_parallelogram_is_rectified_as_any_quad_is() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    picture = np.asarray(cv2.GaussianBlur(noise, (0, 0), 3), np.uint8)
    frame = frame_of(np.array([(12, 3), (47, 9), (51, 33), (9, 30)], np.float64))
    quick, exact = rectify_frame(picture, frame, 24), rectify(picture, frame, 24)
    assert np.abs(quick.astype(int) - exact).max() <= 3


def test_boxes_tell_what_two_quads_overlap_at_most() -> None:
    rng = np.random.default_rng(1)
    middles = rng.uniform(0, 60, (40, 1, 2))
    quads = (UNIT - 0.5) * 30 + middles + rng.uniform(-6, 6, (40, 4, 2))
    most = most_ious(quads)
    exact = np.array([[iou(one, other) for other in quads] for one in quads])
    assert (most >= exact - 1e-6).all()
    assert ((most < 0.4) & (exact < 0.4)).mean() > 0.5
    far = np.abs(middles - middles[:, 0]).max(axis=2) > 50
    assert (most[far] == 0).all()


@pytest.mark.parametrize("first", range(4))
def test_a_shape_does_not_hang_on_the_first_corner(first: int) -> None:
    assert shape_of(np.roll(LEANING, first, axis=0)) == pytest.approx(shape_of(LEANING))


def test_a_shape_tells_what_a_patch_does_not() -> None:
    assert shape_of(SQUARE) == pytest.approx([0, 0, 0, 0, 0])
    assert shape_of(SQUARE * (2, 1)) == pytest.approx([np.log(2), 0, 0, 0, 0])
    tall = SQUARE * (1, 2)
    assert shape_of(tall)[0] == pytest.approx(-np.log(2))
    narrower = tall + np.array([(2, 0), (-2, 0), (0, 0), (0, 0)])
    assert shape_of(narrower)[1] == pytest.approx(np.log(0.6))


def test_rectifying_a_square_changes_no_pixel() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (30, 30, 3), np.uint8)
    assert (rectify(picture, SQUARE, 10) == picture[7:17, 5:15]).all()
