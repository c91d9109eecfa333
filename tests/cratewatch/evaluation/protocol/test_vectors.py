"""Scores of evaluation queries, against rankings made by hand."""

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from cratewatch.evaluation.metrics import mean_average_precision, recall_at_precision
from cratewatch.evaluation.protocol.queries import LabelledQuery, draw_queries
from cratewatch.evaluation.protocol.vectors import ArtworkVectors, score

COVERS = [
    (f"artwork-{n}", np.random.default_rng(n).integers(0, 256, (40, 40, 3), dtype=np.uint8))
    for n in range(6)
]


def small_grey(images: Sequence[Image.Image]) -> np.ndarray:
    vectors = np.stack(
        [np.asarray(image.convert("L").resize((16, 16)), np.float32).ravel() for image in images]
    )
    vectors -= vectors.mean(axis=1, keepdims=True)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def gallery() -> ArtworkVectors:
    vectors = small_grey([Image.fromarray(cover) for _, cover in COVERS])
    return ArtworkVectors(vectors, [artwork for artwork, _ in COVERS])


def test_clean_queries_find_their_covers() -> None:
    queries = list(draw_queries(COVERS, 12, 0.0, 40, [], seed=3))
    assert sorted(q.artwork for q in queries) == sorted([a for a, _ in COVERS] * 2)
    scores = score(queries, gallery(), small_grey)
    assert scores.recall_at_1.value == scores.mean_average_precision == scores.recall_at_p90 == 1


def test_the_same_seed_draws_the_same_queries() -> None:
    drawn = [list(draw_queries(COVERS, 4, 0.0, 40, [], seed=seed)) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_covers_of_one_artwork_count_as_one_match() -> None:
    vectors = np.array([(1, 0), (0.9, 0.436), (0, 1)], np.float32)
    shown = next(draw_queries(COVERS, 1, 0.0, 40, [], seed=0)).jpeg

    def embed(images: Sequence[Image.Image]) -> np.ndarray:
        return np.array([(1, 0)] * len(images), np.float32)

    twice = ArtworkVectors(vectors, ["other", "other", "right"])
    scores = score([LabelledQuery(shown, "right")], twice, embed)
    assert (scores.recall_at_1.value, scores.recall_at_5.value) == (0, 1)
    assert scores.mean_average_precision == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="no cover of absent"):
        score([LabelledQuery(shown, "absent")], twice, embed)


def test_average_precision_by_hand() -> None:
    right = np.array([[True, False, True], [False, True, False]])
    assert mean_average_precision(right) == pytest.approx(((1 + 2 / 3) / 2 + 1 / 2) / 2)


def test_recall_at_a_precision_by_hand() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6])
    assert recall_at_precision(np.array([True, True, False, True]), scores, 0.9) == 0.5
    assert recall_at_precision(np.array([True, True, False, True]), scores, 0.7) == 0.75
    assert recall_at_precision(np.array([False, True, True, True]), scores, 0.9) == 0
    equal = np.array([0.9, 0.9, 0.9, 0.9])
    assert recall_at_precision(np.array([True, True, False, False]), equal, 0.9) == 0
