"""What the demo says of its handlings."""

from __future__ import annotations

import pytest

from cratewatch.demo.footage import told_rightly
from cratewatch.footage.handlings import Handling
from cratewatch.footage.staged import TrueHandling

STAGED = [TrueHandling(0, "first", 8.0, 15.0), TrueHandling(0, "second", 18.0, 26.0)]


def handling(cover_id: str, started_s: float, ended_s: float) -> Handling:
    return Handling(1, 1, started_s, ended_s, cover_id, cover_id, 0.96, True, 9, 100)


@pytest.mark.parametrize(
    ("told", "rightly"),
    [
        ([handling("first", 8.4, 14.5), handling("second", 18.9, 26.2)], 2),
        ([handling("first", 8.4, 24.3), handling("second", 25.0, 26.2)], 0),
        ([handling("second", 8.4, 14.5), handling("first", 18.9, 26.2)], 0),
        ([], 0),
    ],
)
def test_a_handling_is_right_by_its_album_and_its_times(told: list[Handling], rightly: int) -> None:
    assert told_rightly(STAGED, told) == rightly
