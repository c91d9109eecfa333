"""The galleries of fifty, a thousand and everything, on collections small enough to count."""

import numpy as np
import pytest

from cratewatch.evaluation.metrics import over_draws, wilson
from cratewatch.evaluation.protocol.answers import (
    Compare,
    Numbers,
    Search,
    Vectors,
    answer,
    summarise,
)
from cratewatch.evaluation.protocol.galleries import draw_searches, fits, run_protocol

ARTWORKS = [f"a{n % 70}" for n in range(75)]  # five artworks have two covers


def test_every_artwork_is_asked_for_in_one_gallery_of_fifty_at_most() -> None:
    many = [f"a{n}" for n in range(130)]
    truths = many * 2
    first, second = draw_searches("fifty", truths, many, seed=1)
    for search in (first, second):
        assert len({many[cover] for cover in search.covers}) == len(search.covers) == 50
        assert {truths[query] for query in search.queries} == {many[n] for n in search.covers}
        assert len(search.queries) == 100
    assert not set(first.covers) & set(second.covers)


def test_artworks_that_nobody_asks_for_fill_a_gallery_up() -> None:
    (search,) = draw_searches("fifty", ["a3", "a7"], ARTWORKS, seed=1)
    shown = [ARTWORKS[cover] for cover in search.covers]
    assert sorted(search.queries) == [0, 1]
    assert len(set(shown)) == 50
    assert {"a3", "a7"} <= set(shown)


def test_everything_is_every_cover_and_every_query() -> None:
    (search,) = draw_searches("everything", ["a3", "a7", "a3"], ARTWORKS, seed=1)
    assert (len(search.queries), len(search.covers)) == (3, 75)


def test_the_same_seed_draws_the_same_galleries() -> None:
    drawn = [draw_searches("fifty", ["a3"], ARTWORKS, seed)[0].covers for seed in (1, 1, 2)]
    assert list(drawn[0]) == list(drawn[1]) != list(drawn[2])


def test_a_collection_that_is_too_small_is_refused() -> None:
    assert fits("fifty", ARTWORKS)
    assert not fits("thousand", ARTWORKS)
    assert not fits("fifty", ["a", "b"] * 50), "artworks count, not covers"
    with pytest.raises(ValueError, match="70 artworks are too few for thousand"):
        draw_searches("thousand", ["a3"], ARTWORKS, 0)


def table(scores: list[list[float]]) -> Compare:
    """Compare by a table of scores, a row for each query."""

    def compare(queries: Numbers, covers: Numbers) -> Vectors:
        return np.array(scores, np.float32)[np.ix_(queries, covers)]

    return compare


def test_answers_by_hand() -> None:
    artworks = ["x", "y", "x", "z"]
    compare = table([[0.9, 0.2, 0.8, 0.5], [0.9, 0.2, 0.8, 0.5], [0.1, 0.2, 0.8, 0.5]])
    found = answer(Search(np.arange(3), np.arange(4)), ["x", "y", "z"], artworks, compare)
    assert list(found.ranks) == [0, 2, 1]
    assert list(found.right) == [0, 1, 3]
    assert found.right_scores == pytest.approx([0.9, 0.2, 0.5])
    assert found.best.tolist() == [[0, 3, 1], [0, 3, 1], [2, 3, 1]], "one cover of each artwork"
    assert found.best_scores[0] == pytest.approx([0.9, 0.5, 0.2])
    assert found.precisions == pytest.approx([1, 1 / 4, 1 / 2])
    scores = summarise(found)
    assert scores.recall_at_1 == wilson(1, 3)
    assert scores.recall_at_5 == wilson(3, 3)
    assert scores.recall_at_p90 == 0, "the second query is answered wrongly at the same score"


def test_a_search_among_some_covers_sees_no_other() -> None:
    compare = table([[0.9, 0.2, 0.8, 0.5]])
    found = answer(Search(np.array([0]), np.array([1, 3])), ["y"], ["x", "y", "x", "z"], compare)
    assert found.best.tolist() == [[3, 1]]
    assert list(found.right) == [1]
    with pytest.raises(ValueError, match="no cover of y"):
        answer(Search(np.array([0]), np.array([0])), ["y"], ["x", "y", "x", "z"], compare)


def test_a_protocol_averages_over_its_draws() -> None:
    """Of 100 artworks in two galleries the even ones are found; chance is one of fifty."""
    artworks = [f"a{n:03}" for n in range(100)]

    def compare(queries: Numbers, covers: Numbers) -> Vectors:
        even = (queries % 2 == 0)[:, None]
        return np.where(queries[:, None] == covers, np.where(even, 2.0, -1.0), 0.0).astype("f4")

    outcome, answers = run_protocol("fifty", artworks, artworks, compare)
    assert (outcome.queries, outcome.covers, outcome.draws) == (100, 50, 2)
    assert (outcome.chance_at_1, outcome.chance_at_5) == (0.02, 0.1)
    assert outcome.scores.recall_at_1.value == 0.5
    assert outcome.scores.recall_at_1.successes == 50
    assert sorted(answers.queries) == list(range(100))
    assert all(
        (rank == 0) == (n % 2 == 0) for n, rank in zip(answers.queries, answers.ranks, strict=True)
    )
    thousand, _ = run_protocol("everything", artworks, artworks, compare)
    assert thousand.chance_at_1 == 0.01
    assert thousand.scores.recall_at_1 == wilson(50, 100)


def test_the_interval_over_draws_by_hand() -> None:
    """Five draws of .3 and five of .5: mean .4, standard error 1/30, Student's factor 2.2622."""
    found = over_draws([wilson(300, 1000), wilson(500, 1000)] * 5)
    assert (found.successes, found.trials) == (4000, 10000)
    assert found.value == pytest.approx(0.4)
    assert found.low == pytest.approx(0.4 - 2.2622 / 30, abs=1e-5)
    assert found.high == pytest.approx(0.4 + 2.2622 / 30, abs=1e-5)
    agreeing = over_draws([wilson(50, 50)] * 20)
    assert agreeing == wilson(1000, 1000), "draws that agree claim no certainty"
    few = over_draws([wilson(20, 50), wilson(30, 50)])
    assert (few.low, few.high) == (wilson(50, 100).low, wilson(50, 100).high)
    extreme = over_draws([wilson(0, 50), wilson(50, 50)] * 5)
    assert 0 <= extreme.low < extreme.high <= 1
    with pytest.raises(ValueError, match="at least one draw"):
        over_draws([])
