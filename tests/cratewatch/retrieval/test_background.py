import numpy as np
import pytest

from cratewatch.retrieval.background import Background


def test_the_mean_of_the_nearest_scores() -> None:
    background = Background(np.array([[1, 0], [0.6, 0.8], [-1, 0]], np.float32))
    queries = np.array([[1, 0], [0, 1]], np.float32)
    # Scores: 1, 0.6, -1 and 0, 0.8, 0.
    assert background.offsets(queries, 1) == pytest.approx([1, 0.8])
    assert background.offsets(queries, 2) == pytest.approx([0.8, 0.4])
    assert background.offsets(queries, 9) == pytest.approx([0.2, 0.8 / 3])
    with pytest.raises(ValueError, match="no mean"):
        background.offsets(queries, 0)


def test_the_fast_mean_is_that_of_a_sorted_list() -> None:
    rng = np.random.default_rng(0)
    covers, queries = (rng.normal(size=(n, 16)).astype(np.float32) for n in (50, 7))
    slow = [np.mean(sorted(query @ covers.T)[-5:]) for query in queries]
    assert Background(covers).offsets(queries, 5) == pytest.approx(slow, abs=1e-5)
