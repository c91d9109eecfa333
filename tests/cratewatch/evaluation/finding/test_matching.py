"""Verdicts on found quads, by hand."""

import numpy as np

from cratewatch.evaluation.finding.matching import judge, over
from cratewatch.evaluation.finding.truth import Truth
from tests.told_sleeves import TWO, Found, sleeve, square


def verdicts(truth: Truth, *found: Found) -> list[tuple[str, int | None]]:
    return [(one.verdict, one.sleeve) for one in judge(found, truth, 0.5)]


def test_each_quad_takes_the_sleeve_that_it_overlaps_most() -> None:
    found = Found(square(205, 0, 100)), Found(square(0, 5, 100))
    assert verdicts(TWO, *found) == [("right", 1), ("right", 0)]


def test_a_sleeve_found_twice_is_found_once_and_once_wrongly() -> None:
    better, worse = Found(square(5, 0, 100), 0.4), Found(square(0, 0, 100), 0.3)
    judged = judge([worse, better], TWO, 0.5)
    assert [one.verdict for one in judged] == ["right", "wrong"]
    assert [one.number for one in judged] == [1, 0], "the surer one first"


def test_iou_decides() -> None:
    half = Found(square(34, 0, 100))
    assert verdicts(TWO, half) == [("wrong", None)]
    assert judge([Found(square(30, 0, 100))], TWO, 0.5)[0].verdict == "right"
    assert judge([Found(square(30, 0, 100))], TWO, 0.75)[0].verdict == "wrong"


def test_what_lies_in_an_unknown_or_ignored_region_does_not_count() -> None:
    truth = Truth(TWO.sleeves, (square(0, 200, 100),), (square(200, 200, 100),))
    assert verdicts(truth, Found(square(10, 210, 60))) == [("ignored", None)]
    assert verdicts(truth, Found(square(210, 210, 60))) == [("ignored", None)]
    assert verdicts(truth, Found(square(60, 260, 100))) == [("wrong", None)], "a little of it"


def test_what_lies_on_an_oblong_thing_is_wrong_unless_forgiven() -> None:
    book = np.array([(0, 200), (70, 200), (70, 300), (0, 300)], np.float64)
    truth = Truth(TWO.sleeves, oblong=(book,))
    found = Found(square(0, 230, 70)), Found(square(5, 5, 100)), Found(square(300, 300, 70))
    assert [verdict for verdict, _ in verdicts(truth, *found)] == ["wrong", "right", "wrong"]
    forgiving = verdicts(truth.of_sizes(60, 300).forgiving_oblong(), *found)
    assert [verdict for verdict, _ in forgiving] == ["ignored", "right", "wrong"]


def test_a_small_sleeve_that_does_not_count_may_lie_on_one_that_does() -> None:
    truth = Truth((sleeve(square(0, 0, 100)), sleeve(square(20, 20, 50)))).of_sizes(60, 300)
    assert verdicts(truth, Found(square(0, 0, 100)), Found(square(20, 20, 50))) == [
        ("right", 0),
        ("ignored", None),
    ]


def test_a_second_quad_of_a_sleeve_is_wrong_also_before_an_ignored_region() -> None:
    truth = Truth(TWO.sleeves, (), (square(10, 0, 100),))
    found = Found(square(0, 0, 100), 2.0), Found(square(0, 0, 99))
    assert verdicts(truth, *found) == [("right", 0), ("wrong", None)]


def test_a_sleeve_of_another_size_or_hidden_too_much_is_ignored() -> None:
    truth = Truth(
        (
            sleeve(square(0, 0, 50)),
            sleeve(square(200, 0, 100)),
            sleeve(square(400, 0, 100), "c", 0.7),
        )
    ).of_sizes(60, 300)
    assert [one.artwork for one in truth.sleeves] == ["a"]
    assert verdicts(truth, Found(square(0, 0, 50)), Found(square(400, 0, 100))) == [
        ("ignored", None),
        ("ignored", None),
    ]


def test_a_quad_that_degenerates_is_wrong() -> None:
    for broken in (np.zeros((4, 2)), np.full((4, 2), np.nan), square(0, 0, 100)[[0, 2, 1, 3]]):
        assert verdicts(TWO, Found(broken)) == [("wrong", None)]


def test_a_quad_is_over_the_sleeves_whose_middle_it_holds() -> None:
    assert over(square(40, 40, 200), TWO) == [0]
    assert over(square(-10, -10, 400), TWO) == [0, 1]
