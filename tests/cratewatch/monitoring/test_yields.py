from datetime import UTC, datetime, timedelta

import pytest

from cratewatch.catalog.staged_prices import Yield
from cratewatch.monitoring.yields import Bounds, YieldError, check_yield, yields_of

BOUNDS = Bounds(min_yield_share=0.5, max_failed_share=0.5)
WEEK = [Yield(100, {"url": 1.0, "media_condition": 0.8}), Yield(120, {"url": 1.0}), Yield(110, {})]


def test_a_usual_run_is_believed() -> None:
    check_yield("s", Yield(90, {"url": 1.0}), (90, 3), WEEK, BOUNDS)


def test_so_is_the_first_one_of_all() -> None:
    check_yield("s", Yield(3, {"url": 0.0}), (3, 0), [], BOUNDS)


def test_far_fewer_prices_than_in_the_week_before_are_not() -> None:
    with pytest.raises(YieldError, match="54 prices came, and 110 in a run of the last week"):
        check_yield("s", Yield(54, {"url": 1.0}), (54, 0), WEEK, BOUNDS)


def test_many_failures_are_not_even_in_the_first_run() -> None:
    with pytest.raises(YieldError, match="60 of 100 items failed") as error:
        check_yield("s", Yield(40), (40, 60), [], BOUNDS)
    assert error.value.reason == "60% failed"
    check_yield("s", Yield(1), (1, 19), [], BOUNDS)
    with pytest.raises(YieldError, match="1 of 1 items failed"):
        check_yield("s", Yield(0), (0, 1), [], BOUNDS)


def test_a_field_that_used_to_be_filled_and_is_empty_is_not() -> None:
    with pytest.raises(YieldError, match="url says something in 5% of the prices, and in 100%"):
        check_yield("s", Yield(100, {"url": 0.05}), (100, 0), WEEK[:2], BOUNDS)
    check_yield("s", Yield(100, {"media_condition": 0.0}), (100, 0), WEEK[1:], BOUNDS)


def test_only_good_runs_of_the_last_week_count() -> None:
    now = datetime(2026, 3, 10, tzinfo=UTC)

    def run(days: int, state: str, prices: int) -> dict[str, object]:
        report = {"yielded": {"prices": prices, "filled": {}}}
        started = (now - timedelta(days=days)).isoformat()
        return {"state": state, "started_at": started, "report": report}

    runs = [run(1, "done", 1), run(2, "failed", 2), run(9, "done", 3), run(7, "done", 4)]
    empty = {"state": "done", "started_at": now.isoformat(), "report": None}
    assert [y.prices for y in yields_of([*runs, empty], now)] == [1, 4]
