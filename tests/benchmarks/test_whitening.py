import numpy as np
import pytest

from benchmarks.whitening import learn_whitening


@pytest.fixture
def covers() -> np.ndarray:
    rng = np.random.default_rng(0)
    mixed = rng.normal(size=(500, 8)) @ rng.normal(size=(8, 8)) * 0.3
    return (mixed + 1.0).astype(np.float32)


def test_what_was_learnt_from_is_white(covers: np.ndarray) -> None:
    whitening = learn_whitening(covers)
    white = (covers - whitening.mean) @ whitening.projection
    covariance = np.cov(white, rowvar=False)
    assert white.mean(axis=0) == pytest.approx(0, abs=1e-3)
    assert covariance - np.diag(np.diag(covariance)) == pytest.approx(0, abs=1e-2)
    assert np.diag(covariance).max() == pytest.approx(1, abs=1e-3)


def test_rows_are_of_unit_length_and_by_hand_without_strength(covers: np.ndarray) -> None:
    assert np.linalg.norm(learn_whitening(covers)(covers), axis=1) == pytest.approx(1, abs=1e-4)
    centred = covers - covers.mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    only_centred = learn_whitening(covers, strength=0.0)(covers)
    # A rotation keeps every cosine.
    assert only_centred @ only_centred.T == pytest.approx(centred @ centred.T, abs=1e-4)


def test_too_few_covers_are_refused(covers: np.ndarray) -> None:
    with pytest.raises(ValueError, match="7 covers cannot whiten 8"):
        learn_whitening(covers[:7])
