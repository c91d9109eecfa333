"""What a forecast makes of the rounds that were measured, without Ray."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from cratewatch.datasets.samples import DrawnSamples
from cratewatch.datasets.shards import Sample
from cratewatch.errors import CratewatchError
from workers.cluster import Workers
from workers.drawing import plan_run
from workers.forecast import Round, _longest, _reckon

SAMPLE = Sample("000000000", b"j" * 1000, {"severity": 0.5})


def a_round(each_s: float, samples: int = 8, rejected: int = 0) -> Round:
    return Round(DrawnSamples([SAMPLE] * samples, rejected=Counter(small=rejected)), 8, each_s)


@pytest.mark.parametrize(
    ("samples", "workers", "longest"),
    [(1000, 2, 500), (300, 2, 250), (501, 2, 251), (550, 2, 300), (750, 2, 500), (20, 8, 20)],
)
def test_a_run_ends_with_the_worker_that_draws_most(
    samples: int, workers: int, longest: int
) -> None:
    assert _longest(plan_run("run", ["cover"], samples, 1, "all"), workers) == longest


def test_a_range_is_as_wide_as_the_rounds_differ() -> None:
    manifest = plan_run("run", ["cover"], 36_000, 1, "all")
    two = Workers(2, 1, gpu=True)
    calm = _reckon(manifest, [a_round(0.2), a_round(0.2), a_round(0.2, rejected=4)], two)
    assert calm.hours == pytest.approx(0.2 * 18_000 / 3600)
    assert (calm.hours_least, calm.hours_most) == (0.8, 1.2)  # a fifth either way at least
    assert (calm.gpu_hours, calm.images_per_s) == (2.0, 10.0)
    assert calm.rejected == {"small": round(4 / 24, 4)}
    assert calm.measured_on == 24
    wild = _reckon(manifest, [a_round(0.1), a_round(0.2), a_round(0.3)], two)
    assert wild.hours_most - wild.hours == pytest.approx(2 * 0.1 / 3**0.5 / 0.2, rel=0.01)


def test_nothing_is_foretold_of_samples_that_cannot_be_drawn() -> None:
    manifest = replace(plan_run("run", ["cover"], 100, 1, "all"), shard_size=8)
    with pytest.raises(CratewatchError):
        _reckon(manifest, [a_round(0.1, samples=0, rejected=8)], Workers(1, 1, gpu=False))
