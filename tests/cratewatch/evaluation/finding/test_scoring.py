"""Recall, precision and their curve on pictures told by hand."""

import pytest

from cratewatch.evaluation.finding.scoring import CurvePoint, score, wrong_without_sleeve
from cratewatch.evaluation.finding.truth import Truth
from tests.told_sleeves import TWO, Found, sleeve, square

NOWHERE = square(500, 500, 80)
PICTURES = [
    (TWO, [Found(square(0, 0, 100), 0.9), Found(NOWHERE, 0.5), Found(square(203, 4, 100), 0.4)]),
    (Truth((sleeve(square(0, 0, 250), hidden=0.3),)), [Found(square(10, 0, 250), 0.8)]),
    (Truth((sleeve(square(0, 0, 70), hidden=0.2),)), []),
    (Truth(), [Found(NOWHERE, 0.6), Found(NOWHERE + 200, 0.3)]),
    (Truth(), []),
]


def test_recall_and_precision_at_the_finders_own_point() -> None:
    scores = score(PICTURES, 0.5, None)
    assert (scores.recall.successes, scores.recall.trials) == (3, 4)
    assert scores.precision is not None
    assert (scores.precision.successes, scores.precision.trials) == (3, 6)
    assert scores.wrong_without_sleeve == 1.0
    assert scores.corner_error == pytest.approx(0.04), "the median of 0, 5 % and 4 %"


def test_a_score_to_believe_leaves_out_what_is_below() -> None:
    scores = score(PICTURES, 0.5, 0.7)
    assert scores.recall.successes == 2
    assert scores.precision is not None
    assert scores.precision.value == 1
    assert scores.wrong_without_sleeve == 0
    assert scores.curve == score(PICTURES, 0.5, None).curve, "the curve is of all"


def test_the_curve_is_the_score_at_each_threshold() -> None:
    curve = score(PICTURES, 0.5, None).curve
    assert curve[0] == CurvePoint(0.9, 1 / 4, 1)
    for point in curve:
        at = score(PICTURES, 0.5, point.score)
        assert at.precision is not None
        assert (point.recall, point.precision) == (at.recall.value, at.precision.value)


def test_equal_scores_are_one_point() -> None:
    found = [Found(NOWHERE), Found(square(0, 0, 100)), Found(NOWHERE + 200)]
    assert score([(TWO, found)], 0.5, None).curve == [CurvePoint(1.0, 1 / 2, 1 / 3)]


def test_the_area_under_the_curve() -> None:
    scores = score(PICTURES, 0.5, None)
    # Right, right, wrong, wrong, right: precision 1, 1 and 3/5 at the three steps of recall.
    assert scores.average_precision == pytest.approx((1 + 1 + 3 / 5) / 4)
    best = scores.recall_at(0.9)
    assert best is not None
    assert best.score == 0.8
    assert scores.recall_at(1.1) is None


def test_parts_are_told_by_size_and_by_what_is_hidden() -> None:
    scores = score(PICTURES, 0.5, None)
    recalls = {name: part.recall.value for name, part in scores.by_size.items()}
    assert recalls == {"60-100": 0, "100-200": 1, "200-300": 1}
    assert scores.by_size["60-100"].corner_error is None
    assert scores.by_size["200-300"].corner_error == pytest.approx(0.04)
    hidden = {name: part.recall.trials for name, part in scores.by_hidden.items()}
    assert hidden == {"0": 2, "0-0.2": 1, "0.2-0.4": 1}


def test_of_sleeves_that_do_not_count_nothing_is_said() -> None:
    small = [(truth.of_sizes(200, 600), found) for truth, found in PICTURES]
    scores = score(small, 0.5, None)
    assert scores.recall.trials == 1
    assert scores.precision is not None
    assert scores.precision.trials == 4, "the two of small sleeves are left out"
    assert scores.wrong_without_sleeve == 1.0, "of pictures without any sleeve"


def test_nothing_found_and_nothing_to_find() -> None:
    scores = score([(TWO, [])], 0.75, None)
    assert (scores.recall.value, scores.precision, scores.curve) == (0, None, [])
    assert scores.average_precision == 0
    assert wrong_without_sleeve([(TWO, [])], None) is None
    with pytest.raises(ValueError, match="no picture"):
        score([(Truth(), [])], 0.5, None)
