from typing import Any

import pytest

from cratewatch.datasets.shards import Sample
from cratewatch.demo.misses import Misses, detail_px, score_behind
from cratewatch.evaluation.serving import Answer
from cratewatch.gallery.gallery import Hit


def label(hidden: float, side_px: int, blur_px: float = 0.0) -> dict[str, Any]:
    return {
        "cover_id": "c",
        "occluded_fraction": hidden,
        "size_px": (side_px, side_px + 20),
        "degradation": {"blur_px": blur_px, "motion_px": 0.0},
    }


def answer(what: dict[str, Any], scores: dict[str, float], truth: str = "right") -> Answer:
    hits = tuple(Hit(f"cover of {name}", name, score) for name, score in scores.items())
    return Answer(Sample("0", b"", what), truth, hits)


NEAR = {"other": 0.72, "right": 0.69}
FAR = {"other": 0.9, "third": 0.5}
USUAL = [answer(label(0.02 * n, 60 + 10 * n), {"right": 0.8}) for n in range(10)]


@pytest.mark.parametrize(
    ("what", "scores", "kind", "line"),
    [
        (label(0.6, 100), FAR, "hidden", "60% hidden, more than in 91% of the queries; the right"),
        (label(0.1, 30, 0.5), FAR, "blurred", "30 px with 1.0 px of blur, less detail than in 91%"),
        (label(0.1, 100), NEAR, "look-alike", "a look-alike is 0.03 ahead of the right cover"),
        (
            label(0.1, 80),
            FAR,
            "blurred",
            "less detail than in 64% of the queries; the right cover ",
        ),
        (label(0.6, 30), NEAR, "hidden", "the right cover is 0.03 behind"),
        (label(0.6, 30), FAR, "hidden", "the right cover is not among the best five"),
    ],
)
def test_a_miss_says_what_is_unusual_about_it(
    what: dict[str, Any], scores: dict[str, float], kind: str, line: str
) -> None:
    missed = answer(what, scores)
    reason = Misses([*USUAL, missed]).explain(missed)
    assert reason.kind == kind
    assert line in reason.line


def test_blur_takes_detail_away() -> None:
    assert detail_px(label(0, 90)) == 90
    assert detail_px(label(0, 90, blur_px=0.25)) == 60


def test_the_right_cover_may_not_be_among_the_hits() -> None:
    assert score_behind(answer(label(0, 90), NEAR)) == pytest.approx(0.03)
    assert score_behind(answer(label(0, 90), FAR)) is None
