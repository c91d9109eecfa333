import math
from typing import get_args

import pytest

from cratewatch.gallery.gallery import Hit
from cratewatch.retrieval.voting import Pooling, vote


def frame(**scores: float) -> list[Hit]:
    """A ranking: artwork to score."""
    ordered = sorted(scores.items(), key=lambda item: -item[1])
    return [Hit(f"cover of {artwork}", artwork, score) for artwork, score in ordered]


# b wins two frames by little, a one frame by much.
TRACK = [frame(a=0.50, b=0.10), frame(b=0.30, a=0.25), frame(b=0.30, a=0.25)]


def test_means_and_best_scores_by_hand() -> None:
    first, second = vote(TRACK, "sum")
    assert (first.hit.artwork_id, second.hit.artwork_id) == ("a", "b")
    assert first.hit.cover_id == "cover of a"
    assert first.hit.score == pytest.approx(1 / 3)
    odds = math.exp(20 * (1 / 3 - 0.7 / 3))
    assert first.confidence == pytest.approx(odds / (1 + odds))
    best = vote(TRACK, "best")[0]
    assert best.hit.artwork_id == "a"
    assert best.confidence == pytest.approx(1 / (1 + math.exp(20 * -0.2)))


def test_shares_by_hand() -> None:
    share = 1 / (1 + math.exp(20 * -0.05))  # b's in the second and third frame
    first, second = vote(TRACK, "softmax")
    expected_b = (1 / (1 + math.exp(20 * 0.4)) + 2 * share) / 3
    assert (first.hit.artwork_id, second.hit.artwork_id) == ("a", "b")
    assert second.confidence == pytest.approx(expected_b)
    assert first.confidence == pytest.approx(1 - expected_b)


def test_an_artwork_that_a_frame_did_not_find_has_its_least_score() -> None:
    first, second, third = vote([frame(a=0.4, b=0.2), frame(c=0.3, a=0.1)], "sum")
    scores = {item.hit.artwork_id: item.hit.score for item in (first, second, third)}
    assert scores == pytest.approx({"a": 0.25, "b": 0.15, "c": 0.25})


@pytest.mark.parametrize("pooling", get_args(Pooling))
def test_a_track_of_one_frame_is_ranked_as_the_frame(pooling: Pooling) -> None:
    hits = frame(a=0.4, b=0.2, c=0.1)
    assert [item.hit for item in vote([hits, []], pooling)] == hits
    assert [item.hit for item in vote([hits], pooling, top=1)] == hits[:1]


@pytest.mark.parametrize("pooling", get_args(Pooling))
def test_the_order_of_frames_does_not_matter(pooling: Pooling) -> None:
    forth = {item.hit.artwork_id: item.confidence for item in vote(TRACK, pooling)}
    back = {item.hit.artwork_id: item.confidence for item in vote(TRACK[::-1], pooling)}
    assert forth == pytest.approx(back)


def test_nothing_found_is_no_answer() -> None:
    assert vote([]) == []
    assert vote([[], []]) == []
