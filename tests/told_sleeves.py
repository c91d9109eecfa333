"""Quads of found and true sleeves, told by hand."""

from dataclasses import dataclass

import numpy as np

from cratewatch.evaluation.finding.quads import Quad
from cratewatch.evaluation.finding.truth import TrueSleeve, Truth


@dataclass(frozen=True)
class Found:
    quad: Quad
    score: float = 1.0


def square(x: float, y: float, side: float) -> Quad:
    return np.array([(x, y), (x + side, y), (x + side, y + side), (x, y + side)], np.float64)


def sleeve(quad: Quad, artwork: str = "a", hidden: float = 0.0) -> TrueSleeve:
    return TrueSleeve(quad, artwork, hidden)


TWO = Truth((sleeve(square(0, 0, 100)), sleeve(square(200, 0, 100), "b")))
