"""Finds the sleeves of pictures: proposals at several sizes, a second look at each, no doubles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cratewatch.finding.config import FinderConfig
from cratewatch.finding.decoding import Proposal, proposals_of
from cratewatch.finding.looking import Halvings, Level
from cratewatch.finding.networks import Networks
from cratewatch.finding.quads import (
    Quad,
    Rgb,
    area_of,
    is_sound,
    most_ious,
    moved,
    overlap_of,
    shape_of,
    side_of,
)

LEAST_PX = 8
"""Side of a picture below which nothing can be found in it."""
LEAST_PART = 0.25
"""Share of a sleeve's area from which what lies within it is a part of it."""


@dataclass(frozen=True)
class FoundSleeve:
    """A sleeve in a picture.

    Attributes:
        quad: (4, 2) corners in pixels of the picture, clockwise.
        score: How likely it is one, 0 to 1.
    """

    quad: Quad
    score: float


@dataclass(frozen=True)
class Finder:
    """Networks, and how they look at a picture."""

    networks: Networks
    config: FinderConfig = field(default_factory=FinderConfig)

    def find(self, pictures: Sequence[Rgb]) -> list[list[FoundSleeve]]:
        """Return the sleeves of each picture, (H, W, 3) uint8 RGB, the most prominent first.

        Pictures of one size are looked at together: frames of a video come in batches.
        """
        return self.find_in([Halvings.of(picture) for picture in pictures])

    def find_in(
        self, pictures: Sequence[Halvings], least: float | None = None
    ) -> list[list[FoundSleeve]]:
        """Return the sleeves of pictures that were halved already, see find().

        Args:
            least: Score from which a proposal is a sleeve; None: as configured.
        """
        accept = self.config.accept if least is None else least
        proposed = self._propose(pictures)
        for _ in range(self.config.looks):
            proposed = [self._hopeful(of_one, accept) for of_one in proposed]
            proposed = self._look_again(pictures, proposed)
        return [self._settle(of_one, accept) for of_one in proposed]

    def _propose(self, pictures: Sequence[Halvings]) -> list[list[Proposal]]:
        found: list[list[Proposal]] = [[] for _ in pictures]
        for numbers, levels in _by_shape(pictures, self.config):
            maps = self.networks.propose(np.stack([level.pixels for level in levels]))
            for number, level, heat, offsets in zip(numbers, levels, *maps, strict=True):
                for one in proposals_of(heat, offsets, self.config.propose, self.config.most):
                    quad = one.quad / np.asarray(level.scale_xy)
                    found[number].append(Proposal(quad, one.said))
        return [_once(of_one, 0.75)[: self.config.most] for of_one in found]

    def _hopeful(self, proposals: Sequence[Proposal], accept: float) -> list[Proposal]:
        """Return those that are accepted in the end if all looks to come say 1."""
        least = accept ** (1 + self.config.looks) - 1e-9
        return [one for one in proposals if math.prod(one.said) >= least]

    def _look_again(
        self, pictures: Sequence[Halvings], proposed: Sequence[Sequence[Proposal]]
    ) -> list[list[Proposal]]:
        """Return the proposals with moved corners, and what this look says of them."""
        patches = [
            picture.patch(one.quad)
            for picture, of_one in zip(pictures, proposed, strict=True)
            for one in of_one
        ]
        if not patches:
            return [[] for _ in pictures]
        shapes = [shape_of(one.quad) for of_one in proposed for one in of_one]
        logits, moves = self.networks.refine(np.stack(patches), np.stack(shapes))
        said = iter(zip(logits, moves, strict=True))
        looked: list[list[Proposal]] = []
        for of_one in proposed:
            better = [_moved(one, *next(said)) for one in of_one]
            looked.append([one for one in better if is_sound(one.quad)])
        return looked

    def _settle(self, proposals: Sequence[Proposal], accept: float) -> list[FoundSleeve]:
        """Drop what is no sleeve, the same one again, or a part of one."""
        config = self.config
        kept = _once([one for one in proposals if one.score >= accept], config.overlap)
        whole = [one for one in kept if not _is_part(one, kept, config.inside)]
        whole.sort(key=lambda one: -one.score * side_of(one.quad))
        return [FoundSleeve(one.quad, round(one.score, 4)) for one in whole]


def _by_shape(
    pictures: Sequence[Halvings], config: FinderConfig
) -> list[tuple[list[int], list[Level]]]:
    """Return the levels of all pictures by their size, with the numbers of their pictures."""
    groups: dict[tuple[int, ...], tuple[list[int], list[Level]]] = {}
    for number, picture in enumerate(pictures):
        if min(picture.steps[0].shape[:2]) < LEAST_PX:
            continue
        for level in picture.levels(config):
            numbers, levels = groups.setdefault(level.pixels.shape, ([], []))
            numbers.append(number)
            levels.append(level)
    return list(groups.values())


def _moved(one: Proposal, logit: np.float32, moves: npt.NDArray[np.float32]) -> Proposal:
    quad = moved(one.quad, moves)
    return Proposal(quad, (*one.said, float(1 / (1 + np.exp(-logit)))))


def _once(proposals: Sequence[Proposal], overlap: float) -> list[Proposal]:
    """Return the best of those that overlap so much, by intersection over union."""
    if not proposals:
        return []
    ordered = sorted(proposals, key=lambda one: -one.score)
    near = most_ious(np.stack([one.quad for one in ordered])) >= overlap
    kept: list[int] = []
    for number, one in enumerate(ordered):
        rivals = [ordered[other] for other in kept if near[number, other]]
        if all(_iou(one.quad, other.quad) < overlap for other in rivals):
            kept.append(number)
    return [ordered[number] for number in kept]


def _is_part(one: Proposal, others: Sequence[Proposal], inside: float) -> bool:
    """Whether it is a picture on a sleeve; a sleeve before a window is a small part of that."""
    area = area_of(one.quad)
    return any(
        area < area_of(other.quad) < area / LEAST_PART
        and other.score >= one.score
        and _shared(one.quad, other.quad) > inside * area
        for other in others
    )


def _iou(one: Quad, other: Quad) -> float:
    shared = _shared(one, other)
    return shared / (area_of(one) + area_of(other) - shared) if shared else 0.0


def _shared(one: Quad, other: Quad) -> float:
    apart = (one.max(axis=0) < other.min(axis=0)) | (other.max(axis=0) < one.min(axis=0))
    return 0.0 if apart.any() else overlap_of(one, other)
