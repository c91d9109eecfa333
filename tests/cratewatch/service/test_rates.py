"""How often each may ask, over processes, clocks that begin anew and many who ask."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cratewatch.errors import CratewatchError
from cratewatch.service.rates import ROW, ROWS, Rates


class Clock:
    """Says what it is told to."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def test_a_bucket_fills_by_the_minute(tmp_path: Path) -> None:
    clock = Clock(1000.0)
    with Rates(tmp_path / "rates", clock) as rates:
        assert [rates.take("a", 2) for _ in range(3)] == [0, 0, 30]
        clock.now += 30.0
        assert [rates.take("a", 2) for _ in range(2)] == [0, 30]
        assert rates.take("b", 2) == 0


def test_when_the_clock_begins_anew_buckets_go_on_from_what_they_had(tmp_path: Path) -> None:
    clock = Clock(1e6)
    with Rates(tmp_path / "rates", clock) as rates:
        assert [rates.take("a", 2) for _ in range(2)] == [0, 0]
    clock.now = 5.0  # the machine was started
    with Rates(tmp_path / "rates", clock) as rates:
        assert rates.take("a", 2) == 30
        clock.now += 30.0
        assert [rates.take("a", 2) for _ in range(2)] == [0, 30]
        clock.now += 1e9
        assert [rates.take("a", 2) for _ in range(3)] == [0, 0, 30]


def test_of_more_than_there_is_room_for_the_last_are_known(tmp_path: Path) -> None:
    clock = Clock(0.0)
    with Rates(tmp_path / "rates", clock) as rates:
        for number in range(3 * ROW * ROWS):
            clock.now += 1e-6
            assert rates.take(f"{number}", 1) == 0
            assert rates.take(f"{number}", 1) > 59
    assert (tmp_path / "rates").stat().st_size == 32 * ROW * ROWS


def test_processes_count_together(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from cratewatch.service.rates import Rates; "
        "rates = Rates(Path(sys.argv[1])); "
        "print(sum(rates.take('till', 100) == 0 for _ in range(100)))"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "rates")]
    asking = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    let_in = sum(int(one.communicate()[0]) for one in asking)
    assert 100 <= let_in <= 130  # a minute brings 100 more: these processes take seconds


def test_where_nothing_can_be_written_the_service_says_so(tmp_path: Path) -> None:
    with pytest.raises(CratewatchError, match=r"serve: .*/none/rates: No such file or directory;"):
        Rates(tmp_path / "none" / "rates")
