"""From the proposer's maps to quads."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.finding.config import OFFSET_PX, STRIDE
from cratewatch.finding.quads import Quad, is_sound

Plane = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Proposal:
    """A quad that may be a sleeve.

    Attributes:
        quad: In pixels of the picture.
        said: How likely it is a sleeve, 0 to 1, as each look has it: the proposer's glance, then
            the refiner's.
    """

    quad: Quad
    said: tuple[float, ...]

    @property
    def score(self) -> float:
        """How likely it is a sleeve, 0 to 1, all looks taken together."""
        return float(math.prod(self.said) ** (1 / len(self.said)))


def proposals_of(heat: Plane, offsets: Plane, least: float, most: int) -> list[Proposal]:
    """Return the peaks of a heat map with their quads, the best first.

    Args:
        heat: (h, w) logits.
        offsets: (8, h, w) in units of OFFSET_PX.
        least: Score below which a place is no peak.
    """
    highest = cv2.dilate(heat, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero((heat >= highest) & (heat > np.log(least / (1 - least))))
    order = np.argsort(-heat[rows, columns], kind="stable")[: 2 * most]
    found = [
        Proposal(_quad(offsets, row, column), (float(1 / (1 + np.exp(-heat[row, column]))),))
        for row, column in zip(rows[order], columns[order], strict=True)
    ]
    return [proposal for proposal in found if is_sound(proposal.quad)][:most]


def _quad(offsets: Plane, row: int, column: int) -> Quad:
    place = (np.array([column, row], np.float64) + 0.5) * STRIDE
    return place + offsets[:, row, column].reshape(4, 2).astype(np.float64) * OFFSET_PX
