"""Names a sleeve by the best of its frames, until the vote is sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np

from cratewatch.finding.cutting import Upright, cut_upright
from cratewatch.finding.finder import FoundSleeve
from cratewatch.finding.looking import Halvings
from cratewatch.finding.quads import side_of
from cratewatch.footage.frames import Frame
from cratewatch.gallery.gallery import Hit
from cratewatch.retrieval.answers import SleeveAnswer
from cratewatch.retrieval.matches import Match
from cratewatch.retrieval.verdict import Calibration
from cratewatch.retrieval.voting import vote

LEAST_PX = 40
"""Side of a sleeve below which it is not named: too little of the cover is left."""
TOP = 5
"""Matches of each frame that vote."""
BOTH = 2
"""Views that are compared thoroughly, where the vote of all is in vain."""


class Namer(Protocol):
    """Names upright sleeves; see retrieval.sleeves.SleeveNamer."""

    @property
    def calibration(self) -> Calibration | None:
        """What tells how likely a score is right."""

    def name(self, found: Sequence[Upright], top: int) -> list[SleeveAnswer]:
        """Answer each."""

    def name_by_two(self, views: Sequence[Upright]) -> Match | None:
        """Answer two views of one sleeve that is not known by either."""


@dataclass(frozen=True)
class Naming:
    """How frames are chosen.

    Attributes:
        apart_s: Seconds between two frames of a sleeve; what is nearer shows the same.
        kept: Frames of a sleeve that are kept for naming, the best.
        at_once: How many are named together.
        most: Frames of a sleeve that are named at all.
        sure: Probability from which no more are.
    """

    apart_s: float = 0.6
    kept: int = 6
    at_once: int = 2
    most: int = 6
    sure: float = 0.9


@dataclass(frozen=True)
class View:
    """A sleeve in one frame, cut out; quality says how well it is seen."""

    frame: int
    seconds: float
    quality: float
    upright: Upright


@dataclass(frozen=True)
class Identity:
    """What the frames of a sleeve voted for; all None where nothing was named."""

    match: Match | None = None
    probability: float | None = None
    known: bool = False

    @property
    def artwork_id(self) -> str | None:
        """The artwork that won."""
        return self.match.artwork_id if self.match else None


@dataclass
class SleeveViews:
    """The best views of one sleeve, and what they say.

    Attributes:
        is_final: Whether the sleeve is gone: no more is said.
    """

    config: Naming
    identity: Identity = field(default_factory=Identity)
    is_final: bool = False
    _waiting: list[View] = field(default_factory=list)
    _taken: list[View] = field(default_factory=list)
    _answers: list[SleeveAnswer] = field(default_factory=list)

    def offer(self, view: View) -> None:
        """Keep a view if it is better than others of about its time."""
        if side_of(view.upright.sleeve.quad) < LEAST_PX or not self._goes_on:
            return
        apart_s = self.config.apart_s
        if any(abs(view.seconds - one.seconds) < apart_s for one in self._taken):
            return
        near = [one for one in self._waiting if abs(one.seconds - view.seconds) < apart_s]
        if any(one.quality >= view.quality for one in near):
            return
        kept = [one for one in self._waiting if one not in near]
        kept.append(view)
        kept.sort(key=lambda one: -one.quality)
        self._waiting = kept[: self.config.kept]

    @property
    def _goes_on(self) -> bool:
        sure = self.identity.known and (self.identity.probability or 0) >= self.config.sure
        return not sure and len(self._answers) < self.config.most

    def wants_name(self, *, is_over: bool) -> bool:
        """Whether there are views to name, enough of them, or the last ones."""
        enough = len(self._waiting) > self.config.at_once
        return self._goes_on and (enough or (is_over and bool(self._waiting)))

    def name(self, namer: Namer) -> None:
        """Name the best views that wait, and count all votes anew."""
        chosen = self._waiting[: self.config.at_once]
        self._waiting = self._waiting[self.config.at_once :]
        self._taken += chosen
        self._answers += namer.name([one.upright for one in chosen], TOP)
        self.identity = identity_of(self._answers, namer.calibration)

    def name_at_last(self, namer: Namer) -> None:
        """Compare the best two views thoroughly, if all of them did not make it known."""
        calibration = namer.calibration
        if self.identity.known or calibration is None or len(self._taken) < BOTH:
            return
        best = sorted(self._taken, key=lambda one: -one.quality)[:BOTH]
        match = namer.name_by_two([one.upright for one in best])
        if match is not None:
            self.identity = Identity(match, round(calibration.ceiling, 4), known=True)

    def forget(self) -> None:
        """Let go of all views, as the sleeve is gone; what they said stays."""
        self._waiting, self._taken = [], []
        self.is_final = True


def identity_of(answers: Sequence[SleeveAnswer], calibration: Calibration | None) -> Identity:
    """Return what the answers to the frames of one sleeve come to."""
    matches = {match.cover_id: match for one in answers for match in one.matches}
    hits = [
        [Hit(match.cover_id, match.artwork_id, match.score) for match in one.matches]
        for one in answers
    ]
    votes = vote(hits, top=1)
    if not votes:
        return Identity()
    won = matches[votes[0].hit.cover_id]
    if calibration is None:
        return Identity(won)
    scores = sorted(
        (hit.score for of_one in hits for hit in of_one if hit.artwork_id == won.artwork_id),
        reverse=True,
    )[:2]
    score = float(np.mean(scores))
    probability = calibration.probability(score) * min(1.0, votes[0].confidence * 1.25)
    return Identity(won, round(probability, 4), calibration.knows(score))


def view_of(frame: Frame, halved: Halvings, sleeve: FoundSleeve) -> View:
    """Cut a sleeve out of a frame and judge how well it is seen."""
    upright = cut_upright(halved, sleeve)
    return View(frame.number, frame.seconds, _quality(upright), upright)


def _quality(upright: Upright) -> float:
    """Return the side in pixels, less for a sleeve that is turned away, blurred or doubtful."""
    quad = upright.sleeve.quad
    edges = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
    square = float(edges.min() / max(edges.max(), 1.0))
    grey = np.asarray(upright.image.convert("L").resize((64, 64)), np.float32)
    sharp = float(cv2.Laplacian(grey, cv2.CV_32F).std() / (grey.std() + 8.0))
    return side_of(quad) * square * upright.sleeve.score**2 * min(1.0, 0.4 + sharp)
