"""Finds the score from which on a best match is believed, and below which nothing is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from cratewatch.errors import CratewatchError
from cratewatch.gallery.gallery import Hit
from cratewatch.retrieval.config import SearchConfig
from cratewatch.retrieval.verdict import Calibration

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Trial:
    """A query with its artwork in the gallery, and the same with it taken out.

    Attributes:
        score: Of the best match.
        right: Whether that is the query's artwork.
        score_without: Of the best match among all other artworks.
    """

    score: float
    right: bool
    score_without: float


def trial(hits: Sequence[Hit], without: Sequence[Hit], artwork_id: str) -> Trial:
    """Return what a query of an artwork tells.

    Args:
        hits: Its ranking in the whole gallery, one for each artwork.
        without: The same of a search without the query's artwork. What follows it in hits is no
            substitute: where it is recognised at a glance, the others are not looked at closely.

    Raises:
        ValueError: if there are none.
    """
    if not hits or not without:
        raise ValueError("a trial needs two artworks in the gallery")
    return Trial(hits[0].score, hits[0].artwork_id == artwork_id, without[0].score)


def require_enough(queries: int, wanted_false_accepts: float) -> None:
    """Refuse queries of which a single false accept would be more than is wanted.

    Raises:
        ValueError: if wanted_false_accepts is not above 0 and below 1.
        CratewatchError: if there are too few.
    """
    if not 0 < wanted_false_accepts < 1:
        raise ValueError(f"a share of false accepts of {wanted_false_accepts} is not within 0..1")
    needed = math.ceil(1 / wanted_false_accepts)
    if queries < needed:
        raise CratewatchError(
            f"calibration: {queries} queries cannot tell a share of {wanted_false_accepts:.2%} "
            f"of false accepts; give at least {needed}, or allow a larger share"
        )


def fit(trials: Sequence[Trial], wanted_false_accepts: float, search: SearchConfig) -> Calibration:
    """Return the lowest threshold with no more false accepts than wanted.

    Raises:
        ValueError: if wanted_false_accepts is not above 0 and below 1.
        CratewatchError: if there are too few trials to tell such a share.
    """
    require_enough(len(trials), wanted_false_accepts)
    without = np.array([t.score_without for t in trials])
    scores = np.array([t.score for t in trials])
    right = np.array([t.right for t in trials])
    allowed = math.floor(wanted_false_accepts * len(trials))
    threshold = np.nextafter(np.sort(without)[::-1][allowed], np.inf)
    believed = scores >= threshold
    slope, middle, ceiling = _curve(scores[right], np.concatenate([scores[~right], without]))
    return Calibration(
        threshold=float(threshold),
        slope=slope,
        middle=middle,
        ceiling=ceiling,
        wanted_false_accepts=wanted_false_accepts,
        false_accepts=float((without >= threshold).mean()),
        found=float((believed & right).mean()),
        confused=float((believed & ~right).mean()),
        queries=len(trials),
        search=search,
    )


def _curve(right: Scores, wrong: Scores) -> tuple[float, float, float]:
    """Fit a logistic curve below a ceiling to the scores of right and wrong best matches.

    A few wrong matches score as high as right ones do, such as other editions of an album; without
    a ceiling the curve would promise more than it keeps. Its targets stay a little off 0 and 1, so
    that scores which do not overlap make no step (Platt 1999, "Probabilistic Outputs for Support
    Vector Machines").

    Returns:
        Slope, middle and ceiling; see Calibration.
    """
    scores = np.concatenate([right, wrong])
    centre, width = float(scores.mean()), max(float(scores.std()), 1e-6)
    low, high = 1 / (len(wrong) + 2), (len(right) + 1) / (len(right) + 2)
    targets = np.where(np.arange(len(scores)) < len(right), high, low)
    standard = (scores - centre) / width

    def loss(curve: Scores) -> float:
        # A higher score is never less right, and the ceiling is below 1.
        made = expit(curve[2]) * expit(np.exp(curve[0]) * (standard - curve[1]))
        made = np.clip(made, 1e-12, 1 - 1e-12)
        return -float(np.sum(targets * np.log(made) + (1 - targets) * np.log(1 - made)))

    best = minimize(loss, np.array([0.0, 0.0, 3.0]), method="L-BFGS-B").x
    return float(np.exp(best[0])) / width, centre + width * float(best[1]), float(expit(best[2]))
