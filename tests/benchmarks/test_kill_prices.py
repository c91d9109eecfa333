"""A refresh of prices that is killed a few times; the benchmark does so twenty times."""

from pathlib import Path

import pytest

from benchmarks.kill_prices import price_kills


@pytest.mark.slow
def test_killed_refreshes_of_prices_end_like_one_that_nobody_disturbed(tmp_path: Path) -> None:
    with price_kills(tmp_path / "homes", seed=3) as kills:
        assert [kills.kill(number).problem for number in range(3)] == [""] * 3
