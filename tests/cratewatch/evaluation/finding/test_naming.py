"""Names of found quads, by hand."""

import numpy as np
import pytest

from cratewatch.evaluation.finding.naming import Name, NamedSleeve, name_all, score_names
from cratewatch.evaluation.finding.quads import Quad
from cratewatch.evaluation.finding.truth import Truth
from tests.told_sleeves import TWO, Found, sleeve, square

A, B = square(0, 0, 100), square(200, 0, 100)


def named(quad: Quad, artwork: str, *, known: bool = True) -> NamedSleeve:
    return NamedSleeve(quad, 1.0, Name(artwork, known))


def test_each_quad_of_a_picture_is_named() -> None:
    picture = np.zeros((8, 8, 3), np.uint8)
    found = name_all(picture, [Found(A), Found(B, 0.5)], lambda _, quad: Name(str(quad[0, 0])))
    assert [(one.name.artwork, one.score) for one in found] == [("0.0", 1.0), ("200.0", 0.5)]


def test_found_and_named_needs_both() -> None:
    scores = score_names([(TWO, [named(A + 5, "a"), named(B, "c")])])
    assert (scores.found_and_named.successes, scores.found_and_named.trials) == (1, 2)
    assert scores.known_right is not None
    assert scores.known_right.value == 0.5
    beside = score_names([(TWO, [named(A + 45, "a")])])
    assert (beside.found_and_named.value, beside.named.value) == (0, 0.5)


def test_a_name_that_is_not_believed_is_no_wrong_answer() -> None:
    scores = score_names([(TWO, [named(A, "a", known=False), named(B, "c", known=False)])])
    assert (scores.found_and_named.value, scores.found_and_known.value) == (0.5, 0)
    assert scores.known_right is None


def test_what_cannot_be_named_is_not_named() -> None:
    scores = score_names([(TWO, [NamedSleeve(A, 1.0, None)])])
    assert (scores.found_and_named.value, scores.named.value) == (0, 0)


def test_the_whole_picture_may_name_a_sleeve_that_it_does_not_find() -> None:
    whole = np.array([(0, 0), (600, 0), (600, 400), (0, 400)], np.float64)
    scores = score_names([(TWO, [named(whole, "b")])])
    assert scores.found_and_named.value == 0
    assert scores.named.value == 0.5
    assert scores.known_right is not None
    assert scores.known_right.value == 1


def test_two_copies_of_one_album_are_named_each_by_its_own_quad() -> None:
    copies = Truth((sleeve(A), sleeve(B)))
    assert score_names([(copies, [named(A, "a")])]).named.value == 0.5


def test_what_is_unknown_must_not_be_believed_to_be_known() -> None:
    truth = Truth(TWO.sleeves, (square(0, 200, 100),))
    silent = score_names([(truth, [named(square(0, 200, 100), "z", known=False)])])
    assert silent.unknown_known is not None
    assert (silent.unknown_known.value, silent.known_right) == (0, None)
    loud = score_names([(truth, [named(square(0, 205, 100), "z")])])
    assert loud.unknown_known is not None
    assert loud.known_right is not None
    assert (loud.unknown_known.value, loud.known_right.value) == (1, 0)


def test_of_a_sleeve_that_does_not_count_no_name_is_right_or_wrong() -> None:
    truth = Truth(TWO.sleeves, (), (square(0, 200, 100),))
    assert score_names([(truth, [named(square(0, 200, 100), "z")])]).known_right is None


def test_names_need_a_sleeve() -> None:
    with pytest.raises(ValueError, match="no picture"):
        score_names([(Truth(), [])])
