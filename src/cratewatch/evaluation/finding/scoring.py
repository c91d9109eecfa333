"""Recall, precision and corner error of what was found in many pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

from cratewatch.evaluation.finding.matching import Judged, judge
from cratewatch.evaluation.finding.quads import corner_error
from cratewatch.evaluation.finding.truth import MOST_HIDDEN, FoundSleeve, TrueSleeve, Truth
from cratewatch.evaluation.metrics import Share, wilson

SIZES_PX = (40, 60, 100, 200, 300, 600)
HIDDEN = (0.0, 0.2, 0.4, MOST_HIDDEN)
NOTHING = 0.005
"""A sleeve of which less is hidden counts as whole."""

Answered = tuple[Truth, Sequence[FoundSleeve]]
"""A picture: what it shows, and what was found."""


@dataclass(frozen=True)
class CurvePoint:
    """Recall and precision if only quads of this score or more are believed."""

    score: float
    recall: float
    precision: float


@dataclass(frozen=True)
class Part:
    """Some of the sleeves.

    Attributes:
        corner_error: Median over the sleeves that were found, as a share of the side; None if
            none was.
    """

    recall: Share
    corner_error: float | None


@dataclass(frozen=True)
class Scores:
    """What a finder reaches where a quad must overlap a sleeve by least_iou.

    Attributes:
        precision: Of the quads that count; None if nothing was found.
        corner_error, corner_error_p90: Median and 90th percentile over the found sleeves.
        average_precision: Area under the curve, the precision made monotonous.
        by_size, by_hidden: Only ranges that have sleeves, named "60-100" px and "0-0.2".
        wrong_without_sleeve: Quads that count a picture without sleeve; None if there is none.
        curve: By falling score.
    """

    least_iou: float
    recall: Share
    precision: Share | None
    average_precision: float
    corner_error: float | None
    corner_error_p90: float | None
    by_size: dict[str, Part]
    by_hidden: dict[str, Part]
    wrong_without_sleeve: float | None
    curve: list[CurvePoint]

    def recall_at(self, precision: float) -> CurvePoint | None:
        """Return the point of the curve with most recall that keeps a precision, if any does."""
        kept = [point for point in self.curve if point.precision >= precision]
        return max(kept, key=lambda point: point.recall, default=None)


@dataclass(frozen=True)
class _Told:
    """A true sleeve and its corner error, None where it was not found."""

    sleeve: TrueSleeve
    error: float | None


def score(pictures: Sequence[Answered], least_iou: float, least_score: float | None) -> Scores:
    """Compare what was found with what is true.

    Args:
        least_score: Of quads that are believed, but for the curve, which is of all; None: all are.

    Raises:
        ValueError: if the pictures show no sleeve that counts.
    """
    everything = [judge(found, truth, least_iou) for truth, found in pictures]
    judged = [[one for one in of_one if _believed(one, least_score)] for of_one in everything]
    told = [
        one
        for (truth, _), of_one in zip(pictures, judged, strict=True)
        for one in _told(truth, of_one)
    ]
    if not told:
        raise ValueError("no picture shows a sleeve that counts")
    counts = [one.verdict == "right" for of_one in judged for one in of_one if _counts(one)]
    errors = [one.error for one in told if one.error is not None]
    curve = _curve([one for of_one in everything for one in of_one], len(told))
    whole = _part(told)
    return Scores(
        least_iou,
        whole.recall,
        wilson(sum(counts), len(counts)) if counts else None,
        _average_precision(curve),
        whole.corner_error,
        float(np.percentile(errors, 90)) if errors else None,
        _by_size(told),
        _by_hidden(told),
        wrong_without_sleeve(pictures, least_score),
        curve,
    )


def hidden_parts() -> dict[str, Callable[[TrueSleeve], bool]]:
    """Return the ranges of the hidden share by their names, and whether a sleeve is of each."""

    def within(least: float, most: float, sleeve: TrueSleeve) -> bool:
        return least < sleeve.hidden <= most

    parts: dict[str, Callable[[TrueSleeve], bool]] = {"0": partial(within, -1.0, NOTHING)}
    for least, most in pairwise(HIDDEN):
        parts[f"{least:g}-{most:g}"] = partial(within, max(least, NOTHING), most)
    return parts


def wrong_without_sleeve(pictures: Sequence[Answered], least_score: float | None) -> float | None:
    """Return how many quads were found in a picture without sleeve, on average; None without such.

    What lies where something looks like a sleeve does not count. Pictures with sleeves that do not
    count are left out.
    """
    wrong = [
        sum(_counts(one) and _believed(one, least_score) for one in judge(found, truth, 0.5))
        for truth, found in pictures
        if not truth.sleeves and not truth.ignored
    ]
    return float(np.mean(wrong)) if wrong else None


def _believed(one: Judged, least_score: float | None) -> bool:
    return least_score is None or one.score >= least_score


def _counts(one: Judged) -> bool:
    return one.verdict != "ignored"


def _told(truth: Truth, judged: Sequence[Judged]) -> list[_Told]:
    errors = {
        one.sleeve: corner_error(one.quad, truth.sleeves[one.sleeve].quad)
        for one in judged
        if one.sleeve is not None
    }
    return [_Told(sleeve, errors.get(n)) for n, sleeve in enumerate(truth.sleeves)]


def _part(told: Sequence[_Told]) -> Part:
    errors = [one.error for one in told if one.error is not None]
    return Part(wilson(len(errors), len(told)), float(np.median(errors)) if errors else None)


def _by_size(told: Sequence[_Told]) -> dict[str, Part]:
    parts = {}
    for least, most in pairwise(SIZES_PX):
        of_size = [one for one in told if least <= one.sleeve.side_px < most]
        if of_size:
            parts[f"{least}-{most}"] = _part(of_size)
    return parts


def _by_hidden(told: Sequence[_Told]) -> dict[str, Part]:
    parts = {}
    for name, within in hidden_parts().items():
        hidden = [one for one in told if within(one.sleeve)]
        if hidden:
            parts[name] = _part(hidden)
    return parts


def _curve(judged: Sequence[Judged], sleeves: int) -> list[CurvePoint]:
    """Return a point for each score, since of equal scores none is believed without the others."""
    ordered = sorted((one for one in judged if _counts(one)), key=lambda one: -one.score)
    points: list[CurvePoint] = []
    right = 0
    for n, one in enumerate(ordered, start=1):
        right += one.verdict == "right"
        if n == len(ordered) or ordered[n].score != one.score:
            points.append(CurvePoint(one.score, right / sleeves, right / n))
    return points


def _average_precision(curve: Sequence[CurvePoint]) -> float:
    best = np.maximum.accumulate([point.precision for point in reversed(curve)])[::-1]
    gained = np.diff([0.0, *(point.recall for point in curve)])
    return float((gained * best).sum())
