import numpy as np
import pytest

from cratewatch.intent.shares import believed, rate_p_value, share, shares_differ


def test_a_share_by_hand() -> None:
    """Brown, Cai and DasGupta (2001), Table 5: Jeffreys' interval of 2 in 10 at 95 %."""
    told = share(2, 10)
    assert told is not None
    assert told.value == 0.2
    assert (round(told.low, 3), round(told.high, 3)) == (0.044, 0.503)
    assert share(0, 0) is None


def test_the_ends_are_certain_of_nothing_but_themselves() -> None:
    none, all_ = share(0, 5), share(5, 5)
    assert none is not None
    assert all_ is not None
    assert (none.low, all_.high) == (0.0, 1.0)
    assert none.high == pytest.approx(1 - all_.low)
    assert share(6, 5) == all_, "a handler buys once"


def test_few_tell_less_than_many() -> None:
    few, many = share(1.6, 4.0), share(160, 400)
    assert few is not None
    assert many is not None
    assert few.high - few.low > 5 * (many.high - many.low)


def test_the_interval_holds_the_true_share_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    drawn = [share(int(x), 25) for x in rng.binomial(25, 0.2, 2000)]
    held = np.mean([one is not None and one.low <= 0.2 <= one.high for one in drawn])
    assert 0.93 < held < 0.98


def test_counts_that_differ_by_chance_are_not_told() -> None:
    assert rate_p_value(10, 10, 30, 30) == pytest.approx(1)
    assert rate_p_value(10, 14, 30, 30) > 0.3
    assert rate_p_value(10, 40, 30, 30) < 1e-4
    assert rate_p_value(10, 40, 10, 40) > 0.5, "four times the days"
    assert rate_p_value(0, 0, 30, 30) == pytest.approx(1)


def test_of_many_albums_that_did_not_change_none_is_told() -> None:
    rng = np.random.default_rng(2)
    before, now = rng.poisson(8, (2, 500))
    p_values = [rate_p_value(b, n, 30, 30) for b, n in zip(before, now, strict=True)]
    assert sum(p < 0.05 for p in p_values) > 5, "each by itself would be"
    assert sum(believed(p_values)) <= 1
    p_values[7] = rate_p_value(8, 40, 30, 30)
    assert believed(p_values)[7]
    assert believed([]) == []


def test_shares_differ_where_their_intervals_are_far_apart() -> None:
    low, high, near = share(5, 100), share(30, 100), share(8, 100)
    assert low is not None
    assert high is not None
    assert near is not None
    assert shares_differ(low, high)
    assert shares_differ(high, low)
    assert not shares_differ(low, near)
