"""Curves against places computed by hand."""

from dataclasses import replace
from itertools import pairwise

import pytest

from cratewatch.evaluation.grid import Row
from cratewatch.evaluation.metrics import Share, wilson
from cratewatch.reports.grid import curves


def row(severity: float, sleeve_px: int, share: Share) -> Row:
    return Row(
        protocol="everything",
        severity=severity,
        sleeve_px=sleeve_px,
        n_queries=share.trials,
        n_gallery=100,
        n_draws=1,
        recall_at_1=share,
        recall_at_5=replace(share, value=1.0),
        mean_average_precision=0.5,
        recall_at_p90=0.5,
        chance_at_1=0.01,
        chance_at_5=0.05,
    )


ROWS = [
    row(severity, px, Share(0, 100, 1 - severity / 2, 0.25, 0.75))
    for severity in (2.0, 0.0, 1.0)
    for px in (32, 128, 64)
]
PLOT_WIDTH = curves.WIDTH - curves.LEFT - curves.RIGHT
PLOT_HEIGHT = curves.HEIGHT - curves.TOP - curves.BOTTOM


def test_severities_run_along_x_and_shares_upwards() -> None:
    over_severity, _ = curves.draw_charts(ROWS, "recall_at_1")
    middle = curves.LEFT + PLOT_WIDTH / 2
    assert [(tick.at, tick.label) for tick in over_severity.x_ticks] == [
        (curves.LEFT, "0"),
        (middle, "1"),
        (curves.WIDTH - curves.RIGHT, "2"),
    ]
    assert {line.name for line in over_severity.lines} == {"128 px", "64 px", "32 px"}
    for line in over_severity.lines:
        assert [dot[:2] for dot in line.dots] == [
            (curves.LEFT, curves.TOP),
            (middle, curves.TOP + PLOT_HEIGHT / 2),
            (curves.WIDTH - curves.RIGHT, curves.HEIGHT - curves.BOTTOM),
        ]
        assert line.points.split()[0] == f"{float(curves.LEFT)},{float(curves.TOP)}"
        upper, lower = line.band.split()[0], line.band.split()[-1]
        assert upper == f"{float(curves.LEFT)},{curves.TOP + PLOT_HEIGHT / 4}"
        assert lower == f"{float(curves.LEFT)},{curves.TOP + PLOT_HEIGHT * 3 / 4}"


def test_sleeves_grow_smaller_to_the_right_by_halves() -> None:
    _, over_size = curves.draw_charts(ROWS, "recall_at_1")
    assert [tick.label for tick in over_size.x_ticks] == ["128", "64", "32"]
    first, second, third = (tick.at for tick in over_size.x_ticks)
    assert second - first == third - second == PLOT_WIDTH / 2
    assert [line.name for line in over_size.lines] == ["severity 0", "severity 1", "severity 2"]
    assert [line.colour for line in over_size.lines] == [
        curves.COLOURS[0],
        curves.COLOURS[2],
        curves.COLOURS[-1],
    ]


@pytest.mark.parametrize("measure", ["recall_at_1", "recall_at_5"])
def test_names_never_lie_over_each_other_or_below_the_plot(measure: curves.Measure) -> None:
    share = wilson(0, 50)
    rows = [row(s, px, share) for s in (0.0, 1.0) for px in (160, 128, 96, 64, 48, 32)]
    for chart in curves.draw_charts(rows, measure):
        places = [line.name_at for line in chart.lines]
        gaps = [low - high for high, low in pairwise(places)]
        assert min(gaps) >= curves.NAME_PX
        assert places[-1] <= curves.HEIGHT - curves.BOTTOM


def test_a_chart_needs_two_places() -> None:
    assert curves.draw_charts(ROWS[:1], "recall_at_1") == []
    (only,) = curves.draw_charts([ROWS[0], ROWS[1]], "recall_at_1")
    assert only.title == "recall@1 over px of the sleeve"
