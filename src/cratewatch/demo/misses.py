"""Why a query was taken for another cover, in one line."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cratewatch.evaluation.serving import Answer

NEAR = 0.1
"""Score by which a look-alike is ahead at most; two keypoints' worth is 0.04."""
UNUSUAL = 0.8
"""Share of the queries that hide less, or show more detail, from which on no look-alike is to
blame."""


@dataclass(frozen=True)
class Reason:
    """Why the right cover did not come first.

    Attributes:
        kind: hidden, blurred or look-alike.
        line: The same with its figures.
    """

    kind: str
    line: str


class Misses:
    """Explains misses by what is unusual about them among all queries."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        labels = [answer.sample.label for answer in answers]
        self._hidden = sorted(label["occluded_fraction"] for label in labels)
        self._details = sorted(detail_px(label) for label in labels)

    def explain(self, answer: Answer) -> Reason:
        """Return the reason of a miss.

        Two covers look alike if the right one is just behind, and the query shows about as much as
        others do. Else it is the share that is hidden, or the lack of detail: whichever fewer
        queries have worse.
        """
        label, behind = answer.sample.label, score_behind(answer)
        hidden = bisect.bisect_left(self._hidden, label["occluded_fraction"]) / len(self._hidden)
        more = len(self._details) - bisect.bisect_right(self._details, detail_px(label))
        blurred = more / len(self._details)
        if behind is not None and behind <= NEAR and max(hidden, blurred) < UNUSUAL:
            return Reason("look-alike", f"a look-alike is {behind:.2f} ahead of the right cover")
        place = "not among the best five" if behind is None else f"{behind:.2f} behind"
        if hidden >= blurred:
            what = (
                f"{label['occluded_fraction']:.0%} hidden, more than in {hidden:.0%} of the queries"
            )
            return Reason("hidden", f"{what}; the right cover is {place}")
        seen = f"{min(label['size_px'])} px with {_smear(label):.1f} px of blur"
        what = f"{seen}, less detail than in {blurred:.0%} of the queries"
        return Reason("blurred", f"{what}; the right cover is {place}")


def detail_px(label: Mapping[str, Any]) -> float:
    """Return about how many distinct points a query shows along its short side."""
    return float(min(label["size_px"]) / (1 + _smear(label)))


def score_behind(answer: Answer) -> float | None:
    """Return the best score less that of the right cover; None if that is not among the hits."""
    scores = {hit.artwork_id: hit.score for hit in answer.hits}
    right = scores.get(answer.artwork_id)
    return None if right is None else max(scores.values()) - right


def _smear(label: Mapping[str, Any]) -> float:
    degradation = label["degradation"]
    return float(degradation["motion_px"] + 2 * degradation["blur_px"])
