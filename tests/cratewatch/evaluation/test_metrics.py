import pytest

from cratewatch.evaluation.metrics import exact_interval, over_draws, recall_at, wilson
from tests.late import Late

stats = Late("scipy.stats")


def test_wilson_interval_of_eight_in_ten() -> None:
    # By hand: z = 1.95996, centre (p + z²/2n) / (1 + z²/n), half width
    # z / (1 + z²/n) * sqrt(p (1 - p) / n + z² / 4n²).
    share = wilson(8, 10)
    assert share.value == 0.8
    assert share.low == pytest.approx(0.49016, abs=1e-5)
    assert share.high == pytest.approx(0.94332, abs=1e-5)


def test_intervals_are_those_of_scipy() -> None:
    for trials in (1, 2, 7, 100):
        for successes in range(trials + 1):
            share, test = wilson(successes, trials), stats.binomtest(successes, trials)
            expected = test.proportion_ci(0.95, method="wilson")
            assert (share.low, share.high) == pytest.approx(tuple(expected))
            expected = test.proportion_ci(0.95, method="exact")
            assert exact_interval(successes, trials) == pytest.approx(tuple(expected))


def test_the_interval_over_draws_is_students() -> None:
    draws = [wilson(successes, 10) for successes in (1, 9) * 6]
    mean = over_draws(draws)
    half = stats.t.ppf(0.975, 11) * stats.sem([draw.value for draw in draws])
    assert (mean.low, mean.high) == pytest.approx((mean.value - half, mean.value + half))


def test_wilson_stays_within_0_and_1() -> None:
    assert wilson(0, 5).low == 0.0
    assert wilson(5, 5).high == 1.0
    assert wilson(5, 5).low < 1.0


def test_wilson_refuses_no_trials() -> None:
    with pytest.raises(ValueError, match="at least one trial"):
        wilson(0, 0)
    with pytest.raises(ValueError, match="6 successes of 5 trials"):
        wilson(6, 5)


def test_recall_counts_the_true_artwork_among_the_best_k() -> None:
    ranks = [0, 1, None, 2]
    assert recall_at(1, ranks).value == 0.25
    assert recall_at(2, ranks).value == 0.5
