"""Names of found quads, by hand."""

import numpy as np
import pytest

from cratewatch.evaluation.finding.naming import NamedSleeve, name_all, score_names
from cratewatch.evaluation.finding.quads import Quad
from cratewatch.evaluation.finding.truth import Truth
from tests.told_sleeves import TWO, Found, sleeve, square

A, B = square(0, 0, 100), square(200, 0, 100)


def named(quad: Quad, name: str | None) -> NamedSleeve:
    return NamedSleeve(quad, 1.0, name)


def test_each_quad_of_a_picture_is_named() -> None:
    picture = np.zeros((8, 8, 3), np.uint8)
    found = name_all(picture, [Found(A), Found(B, 0.5)], lambda _, quad: str(quad[0, 0]))
    assert [(one.name, one.score) for one in found] == [("0.0", 1.0), ("200.0", 0.5)]


def test_found_and_named_needs_both() -> None:
    picture = [named(A + 5, "a"), named(B, "c")]
    scores = score_names([(TWO, picture)])
    assert (scores.found_and_named.successes, scores.found_and_named.trials) == (1, 2)
    assert scores.names_right is not None
    assert scores.names_right.value == 0.5


def test_the_whole_picture_may_name_a_sleeve_that_it_does_not_find() -> None:
    whole = np.array([(0, 0), (600, 0), (600, 400), (0, 400)], np.float64)
    scores = score_names([(TWO, [named(whole, "b")])])
    assert scores.found_and_named.value == 0
    assert scores.named.value == 0.5
    assert scores.names_right is not None
    assert scores.names_right.value == 1


def test_two_copies_of_one_album_are_named_each_by_its_own_quad() -> None:
    copies = Truth((sleeve(A), sleeve(B)))
    assert score_names([(copies, [named(A, "a")])]).named.value == 0.5


def test_what_is_unknown_must_not_be_named() -> None:
    truth = Truth(TWO.sleeves, (square(0, 200, 100),))
    silent = score_names([(truth, [named(square(0, 200, 100), None)])])
    assert silent.unknown_named is not None
    assert (silent.unknown_named.value, silent.names_right) == (0, None)
    loud = score_names([(truth, [named(square(0, 205, 100), "z")])])
    assert loud.unknown_named is not None
    assert loud.names_right is not None
    assert (loud.unknown_named.value, loud.names_right.value) == (1, 0)


def test_of_a_sleeve_that_does_not_count_no_name_is_right_or_wrong() -> None:
    truth = Truth(TWO.sleeves, (), (square(0, 200, 100),))
    assert score_names([(truth, [named(square(0, 200, 100), "z")])]).names_right is None


def test_names_need_a_sleeve() -> None:
    with pytest.raises(ValueError, match="no picture"):
        score_names([(Truth(), [])])
