"""Fits what is told of persons to figures: ridge regression on what re-identification sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cratewatch.footage.appearance import Appearance
from cratewatch.progress import Progress, unseen
from cratewatch.words.figures.camera import HEIGHT_PX, WIDTH_PX
from cratewatch.words.figures.drawing import draw_figure
from cratewatch.words.figures.outfit import TOLD, dress

PENALTY = 0.003
"""Of the squared weights, for each figure."""
HELD_BACK = 4
"""One figure in so many is guessed by what was fitted without it, to learn how sure guesses are."""
LEAST_SPREAD = 1e-3
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """Log odds of terms: embeddings (N, D) times weights (D, K), plus offsets (K,)."""

    terms: tuple[str, ...]
    weights: npt.NDArray[np.float32]
    offsets: npt.NDArray[np.float32]


def fit_figures(count: int, seed: int, on_progress: Progress = unseen) -> Fitted:
    """Draw figures, embed them, and fit TOLD."""
    embeddings, holds = look_at_figures(count, seed, on_progress)
    return fit_terms(embeddings, holds)


def look_at_figures(count: int, seed: int, on_progress: Progress = unseen) -> tuple[Floats, Floats]:
    """Return embeddings (N, D) of figures, and which of TOLD holds, (N, K).

    The nth figure is the same however many there are.
    """
    appearance = Appearance()
    rows: list[npt.NDArray[np.float32]] = []
    holds = np.zeros((count, len(TOLD)))
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        outfit = dress(rng)
        picture = draw_figure(outfit, rng)
        rows.append(appearance.embed(picture, [(0, 0, WIDTH_PX, HEIGHT_PX)])[0])
        holds[number] = [term in outfit.terms for term in TOLD]
        on_progress(number + 1, count, "drawing figures")
    return np.stack(rows).astype(np.float64), holds


def fit_terms(embeddings: Floats, holds: Floats) -> Fitted:
    """Fit which terms hold, (N, K), to embeddings (N, D)."""
    middle, rate = embeddings.mean(axis=0), holds.mean(axis=0)
    looks, wanted = embeddings - middle, holds - rate
    held_back = np.arange(len(looks)) % HELD_BACK == 0
    others = _ridge(looks[~held_back], wanted[~held_back])
    slope, offset = _odds(looks[held_back] @ others, holds[held_back])
    weights = _ridge(looks, wanted) * slope
    offsets = offset - middle @ weights
    return Fitted(TOLD, weights.astype(np.float32), offsets.astype(np.float32))


def _ridge(looks: Floats, wanted: Floats) -> Floats:
    """Return weights (D, K)."""
    penalty = PENALTY * len(looks) * np.eye(looks.shape[1])
    return np.asarray(np.linalg.solve(looks.T @ looks + penalty, looks.T @ wanted))


def _odds(guesses: Floats, holds: Floats) -> tuple[Floats, Floats]:
    """Return by what a guess is multiplied, and what is added, to be log odds, (K,) each.

    Guesses where a term holds and where it does not are two normal distributions of one width.
    """
    with_it = (guesses * holds).sum(axis=0) / np.maximum(holds.sum(axis=0), 1)
    without = (guesses * (1 - holds)).sum(axis=0) / np.maximum((1 - holds).sum(axis=0), 1)
    spread = (guesses - np.where(holds > 0, with_it, without)).std(axis=0)
    slope = (with_it - without) / np.maximum(spread, LEAST_SPREAD) ** 2
    rate = np.clip(holds.mean(axis=0), 0.002, 0.998)
    return slope, np.log(rate / (1 - rate)) - slope * (with_it + without) / 2
