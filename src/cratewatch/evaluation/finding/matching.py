"""Which found quad is which sleeve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cratewatch.evaluation.finding.quads import Quad, area, contains, iou, overlap
from cratewatch.evaluation.finding.truth import FoundSleeve, Truth

Verdict = Literal["right", "wrong", "ignored"]
MOSTLY = 0.5


@dataclass(frozen=True)
class Judged:
    """A found quad and what it is.

    Attributes:
        number: Its place among what was found.
        sleeve: Number of the true sleeve that it is, where the verdict is "right".
    """

    number: int
    quad: Quad
    score: float
    verdict: Verdict
    sleeve: int | None = None


def judge(found: Sequence[FoundSleeve], truth: Truth, least_iou: float) -> list[Judged]:
    """Return what each found quad is, by falling score.

    Each takes the true sleeve that it overlaps most, of those that no better one has taken, if by
    least_iou: a sleeve that is found twice is found once and once wrongly. Quads of lower scores
    change nothing for those of higher ones. What matches no sleeve and lies mostly in a region that
    is unknown or ignored does not count.
    """
    taken: set[int] = set()
    judged = []
    for number in sorted(range(len(found)), key=lambda n: -found[n].score):
        one = found[number]
        shares = {
            n: iou(one.quad, sleeve.quad)
            for n, sleeve in enumerate(truth.sleeves)
            if n not in taken
        }
        best = max(shares, key=lambda n: shares[n], default=None)
        if best is not None and shares[best] >= least_iou:
            taken.add(best)
            judged.append(Judged(number, one.quad, one.score, "right", best))
        else:
            verdict: Verdict = "ignored" if _left_out(one.quad, truth) else "wrong"
            judged.append(Judged(number, one.quad, one.score, verdict))
    return judged


def over(quad: Quad, truth: Truth) -> list[int]:
    """Return the numbers of the sleeves whose middle lies in a quad."""
    return [n for n, sleeve in enumerate(truth.sleeves) if contains(quad, sleeve.quad.mean(axis=0))]


def _left_out(quad: Quad, truth: Truth) -> bool:
    """Whether a quad lies mostly in a region that does not count, and is not rather a sleeve."""
    regions = truth.unknown + truth.ignored
    least = MOSTLY * abs(area(quad))
    if not any(overlap(quad, region) > least for region in regions):
        return False
    nearest = max((iou(quad, sleeve.quad) for sleeve in truth.sleeves), default=0.0)
    return nearest < max(iou(quad, region) for region in regions)
