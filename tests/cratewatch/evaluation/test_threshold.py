import json

import numpy as np
import pytest

from cratewatch.embedding.saved_models import shipped_models
from cratewatch.errors import CratewatchError
from cratewatch.evaluation.threshold import Trial, fit, trial
from cratewatch.gallery.gallery import Hit
from cratewatch.lake.lake import Lake
from cratewatch.retrieval.background import Background
from cratewatch.retrieval.config import SearchConfig
from cratewatch.retrieval.model_aids import (
    load_background,
    load_calibration,
    save_background,
    save_calibration,
)

# Nine queries; the scores of the best wrong artworks are 0.1, 0.2, ..., 0.9.
TRIALS = [
    Trial(score=0.95, right=True, score_without=0.9),
    Trial(score=0.85, right=True, score_without=0.8),
    Trial(score=0.85, right=True, score_without=0.7),
    Trial(score=0.80, right=False, score_without=0.6),
    Trial(score=0.70, right=True, score_without=0.5),
    Trial(score=0.60, right=True, score_without=0.4),
    Trial(score=0.50, right=True, score_without=0.3),
    Trial(score=0.40, right=True, score_without=0.2),
    Trial(score=0.30, right=True, score_without=0.1),
]


def test_the_threshold_lies_just_above_the_first_wrong_score_too_many() -> None:
    found = fit(TRIALS, 0.25, SearchConfig())  # two of nine may be wrong: 0.9 and 0.8
    assert found.threshold == pytest.approx(0.7)
    assert found.threshold > 0.7
    assert found.false_accepts == pytest.approx(2 / 9)
    assert found.found == pytest.approx(2 / 9 + 1 / 9)  # 0.95 and twice 0.85
    assert found.confused == pytest.approx(1 / 9)  # 0.80
    assert found.knows(0.71)
    assert not found.knows(0.7)


def test_equal_scores_never_exceed_the_wanted_share() -> None:
    tied = [Trial(0.9, True, 0.5)] * 10
    found = fit(tied, 0.2, SearchConfig())
    assert found.false_accepts == 0
    assert found.found == 1


@pytest.mark.parametrize("wanted", [0.01, 0.05, 0.3])
def test_false_accepts_are_as_many_as_wanted_and_no_lower_threshold_would_do(
    wanted: float,
) -> None:
    rng = np.random.default_rng(1)
    without = rng.normal(0.3, 0.1, 500)
    trials = [Trial(0.9, True, float(score)) for score in without]
    found = fit(trials, wanted, SearchConfig())
    assert found.false_accepts <= wanted
    below = max(score for score in without if score < found.threshold)
    assert (without >= below).mean() > wanted


def test_too_few_queries_cannot_tell_a_small_share() -> None:
    with pytest.raises(CratewatchError, match=r"9 queries cannot tell .* at least 100"):
        fit(TRIALS, 0.01, SearchConfig())
    for share in (0, 1):
        with pytest.raises(ValueError, match="not within"):
            fit(TRIALS, share, SearchConfig())


def test_a_trial_takes_the_artwork_out_of_the_ranking() -> None:
    hits = [Hit("x", "a", 0.9), Hit("y", "b", 0.3)]
    without = [Hit("y", "b", 0.7)]
    assert trial(hits, without, "a") == Trial(0.9, True, 0.7)
    assert trial(hits, without, "b") == Trial(0.9, False, 0.7)
    for some, others in (([], without), (hits, [])):
        with pytest.raises(ValueError, match="two artworks"):
            trial(some, others, "a")


def test_calibration_and_background_come_back_as_they_were_saved(
    lake: Lake, tiny_model: str
) -> None:
    assert load_calibration(lake, tiny_model) is None
    assert load_background(lake, tiny_model) is None
    background = Background(np.eye(3, 128, dtype=np.float32))
    search = SearchConfig(crops=(1.0, 0.8), turns_deg=(0.0, 5.0), fusion="mean", background=2)
    calibration = fit(TRIALS, 0.25, search)
    save_background(lake, tiny_model, background)
    save_calibration(lake, tiny_model, calibration)
    assert load_calibration(lake, tiny_model) == calibration
    loaded = load_background(lake, tiny_model)
    assert loaded is not None
    assert np.array_equal(loaded.vectors, background.vectors)


def test_another_background_ends_the_calibration(lake: Lake, tiny_model: str) -> None:
    save_calibration(lake, tiny_model, fit(TRIALS, 0.25, SearchConfig()))
    save_background(lake, tiny_model, Background(np.eye(3, 128, dtype=np.float32)))
    assert load_calibration(lake, tiny_model) is None


@pytest.mark.parametrize(
    "data", [b"{", b"[]", b'{"threshold": 1}', json.dumps({"search": {"crops": []}}).encode()]
)
def test_a_broken_calibration_is_named(lake: Lake, tiny_model: str, data: bytes) -> None:
    lake.write(f"models/{tiny_model}/calibration.json", data)
    with pytest.raises(CratewatchError, match=r"calibration\.json cannot be used .* calibrate"):
        load_calibration(lake, tiny_model)


def test_a_broken_background_is_named(lake: Lake, tiny_model: str) -> None:
    lake.write(f"models/{tiny_model}/background.safetensors", b"no tensors")
    with pytest.raises(CratewatchError, match=r"background\.safetensors cannot be used"):
        load_background(lake, tiny_model)


def test_a_probability_is_the_share_that_is_right() -> None:
    rng = np.random.default_rng(1)
    inside, outside = rng.normal(0.9, 0.1, 4000), rng.normal(0.6, 0.1, 4000)
    trials = [Trial(float(a), True, float(b)) for a, b in zip(inside, outside, strict=True)]
    fitted = fit(trials, 0.02, SearchConfig())
    for score in (0.65, 0.75, 0.85):
        near = [np.abs(part - score) < 0.02 for part in (inside, outside)]
        share = near[0].sum() / (near[0].sum() + near[1].sum())
        assert fitted.probability(score) == pytest.approx(share, abs=0.05)
    words = [fitted.verdict(score) for score in (0.4, 0.74, fitted.threshold, 1.2)]
    assert words == ["unknown", "unsure", "likely", "sure"]


def test_scores_that_do_not_overlap_make_no_step() -> None:
    trials = [Trial(0.9, True, 0.5)] * 50
    fitted = fit(trials, 0.02, SearchConfig())
    assert 0.96 < fitted.probability(0.9) < 0.999
    assert fitted.probability(0.5) < 0.05 < fitted.probability(0.7) < fitted.probability(0.9)
    assert 0.97 < fitted.probability(50.0) == fitted.ceiling <= 1.0


def test_the_model_that_ships_can_say_how_sure_it_is(lake: Lake) -> None:
    for name in shipped_models():
        calibration = load_calibration(lake, name)
        assert calibration is not None
        assert calibration.search == SearchConfig()
        assert calibration.verdict(2.0) == "sure"
        assert calibration.verdict(0.0) == "unknown"
        assert load_background(lake, name) is not None
