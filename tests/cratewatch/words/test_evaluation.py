import numpy as np
import pytest

from cratewatch.words.evaluation import bleu, judge

PERSONS = np.array([0, 0, 1, 2])
CAPTIONS = np.array([5, 5, 5, 7])


def test_recall_by_hand() -> None:
    scores = np.array(
        [
            [0.1, 0.9, 0.5, 0.2],  # its own picture comes last, another of the person first
            [0.1, 0.9, 0.5, 0.2],
            [0.3, 0.2, 0.1, 0.9],
            [0.0, 0.1, 0.2, 0.3],
        ],
        np.float32,
    )
    found = judge(scores, PERSONS, CAPTIONS)
    assert found.strict[1] == 2 / 4
    assert found.recall[1] == 3 / 4
    assert found.strict[5] == found.recall[5] == 1.0
    assert found.ceiling[1] == pytest.approx((3 * 1 / 3 + 1) / 4)
    assert found.ceiling[5] == 1.0
    assert found.chance == {1: 1 / 4, 5: 1.0, 10: 1.0}
    assert found.mean == pytest.approx((0.5 + 1 + 1) / 3)


def test_equal_scores_count_as_a_draw_by_lot() -> None:
    found = judge(np.zeros((20, 20), np.float32), np.arange(20), np.arange(20))
    assert found.strict == pytest.approx(found.chance)
    two_each = judge(np.zeros((20, 20), np.float32), np.arange(20) // 2, np.arange(20))
    assert two_each.recall[1] == pytest.approx(2 / 20)
    assert two_each.recall[5] == pytest.approx(
        1 - (18 * 17 * 16 * 15 * 14) / (20 * 19 * 18 * 17 * 16)
    )


def test_recall_equals_the_obvious_one() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(60, 60)).astype(np.float32)
    persons = rng.integers(0, 30, 60)
    found = judge(scores, persons, np.arange(60))
    for k in (1, 5, 10):
        best = [list(np.argsort(-row)[:k]) for row in scores]
        strict = np.mean([i in of_row for i, of_row in enumerate(best)])
        recall = np.mean([any(persons[j] == persons[i] for j in row) for i, row in enumerate(best)])
        assert found.strict[k] == pytest.approx(strict)
        assert found.recall[k] == pytest.approx(recall)


def test_a_perfect_model_reaches_the_ceiling_and_no_more() -> None:
    rng = np.random.default_rng(1)
    captions = rng.integers(0, 15, 40)
    perfect = (captions[:, None] == captions[None]).astype(np.float32)
    found = judge(perfect, np.arange(40), captions)
    assert found.strict == pytest.approx(found.ceiling)


def test_bleu_of_equal_captions_is_100() -> None:
    told = ["a man in a red jacket and blue jeans", "a woman with a black backpack"]
    assert bleu(told, [[one] for one in told]) == pytest.approx(100.0)
    assert bleu(told, [["nothing alike here at all", told[0]], [told[1]]]) == pytest.approx(100.0)
    assert bleu(told, [["the cat sat on the mat today"], ["no such thing was ever seen"]]) < 5
