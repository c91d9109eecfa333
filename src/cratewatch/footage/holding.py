"""Who has a sleeve, and from when to when: from sightings of sleeves to spans of handlings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import dropwhile
from statistics import median

import numpy as np

from cratewatch.finding.quads import Quad, area_of, overlap_of
from cratewatch.footage.persons import Box, TrackedPerson, TrackState
from cratewatch.footage.sleeve_looks import reach_of
from cratewatch.footage.sleeve_names import View
from cratewatch.footage.sleeve_tracks import HANGS_S, SURE, Sighting, SleeveTrack, share_stirring

LIES_STILL = 0.05
"""Share of the sightings of what somebody holds, lifts and lowers in which it surely stirs."""
KEEPS = 0.5
"""Share of a sleeve before the body of who had it from which he has it still."""
BESIDE, HEAD = 0.12, 0.16
"""Shares of a person's box at its sides, and above, in which the wall behind him shows."""
MOST_SIGHTINGS = 2000
"""Of a span that are kept, ten minutes of them: what lies before a seller may be held all day."""


@dataclass(frozen=True)
class Holding:
    """When a sleeve counts as handled.

    Attributes:
        sightings: How often it must be seen with a person,
        score: and how surely it must be a sleeve in the best of these,
        usual_score: and in their median: what only looks like one is doubtful most of the time.
        within_s: Seconds in which that must be.
        passed: Sightings with another person after which it has been passed on,
        passed_on_body: and its share before that person's body in them.
        on_body: Share of it before a person's body from which it needs not be seen to move.
        came_s: Seconds that a person was there without it, from which it need not stir either.
        rest_s: Seconds at one place after which it lay or hung there before it was taken.
    """

    sightings: int = 3
    score: float = 0.6
    usual_score: float = SURE
    within_s: float = 2.0
    passed: int = 3
    passed_on_body: float = 0.5
    on_body: float = 0.6
    came_s: float = 1.0
    rest_s: float = 1.2


@dataclass
class Span:
    """A person who has a sleeve.

    Attributes:
        sightings: The first, and the latest.
        is_over: Whether the sleeve is gone, or somebody else has it.
        view: The best of what was offered.
        forgotten: How many sightings after the first are not kept.
    """

    person: int
    sleeve: SleeveTrack
    sightings: list[Sighting] = field(default_factory=list)
    is_over: bool = False
    view: View | None = None
    forgotten: int = 0

    def add(self, seen: Sighting) -> None:
        """Go on."""
        self.sightings.append(seen)
        if len(self.sightings) > MOST_SIGHTINGS:
            del self.sightings[1]
            self.forgotten += 1

    def offer(self, view: View) -> None:
        """Keep a view of the sleeve in this person's hands if it is the best so far."""
        if self.view is None or view.quality > self.view.quality:
            self.view = view

    @property
    def started_s(self) -> float:
        """When it was first seen with the person."""
        return self.sightings[0].seconds

    @property
    def ended_s(self) -> float:
        """When it was last seen with the person."""
        return self.sightings[-1].seconds

    @property
    def score(self) -> float:
        """How likely it is a sleeve, in most of its sightings."""
        return median(one.score for one in self.sightings)

    @property
    def lay_still(self) -> bool:
        """Whether it hardly ever stirred, for longer than hands hold anything so."""
        long = self.ended_s - self.started_s >= HANGS_S
        return long and share_stirring(self.sightings) < LIES_STILL


class Holdings:
    """Watches one sleeve after the other come into hands and leave them."""

    def __init__(self, config: Holding) -> None:
        """Begin with none."""
        self._config = config
        self._held: dict[int, Span] = {}

    def update(self, sleeve: SleeveTrack) -> tuple[Span | None, Span | None]:
        """Take note of the latest sighting of a sleeve.

        Returns:
            The span that ended with it, and the one that began.
        """
        span = self._held.get(sleeve.number)
        if span is not None and sleeve.last.person in (span.person, None):
            span.add(sleeve.last)
            return None, None
        began = self._begun(sleeve, span)
        if began is None:
            return None, None
        self._held[sleeve.number] = began
        if span is not None:
            span.is_over = True
        return span, began

    def end(self, sleeve: SleeveTrack) -> Span | None:
        """Return the span that ends because a sleeve is gone."""
        span = self._held.pop(sleeve.number, None)
        if span is not None:
            span.is_over = True
        return span

    def offer(self, sleeve: SleeveTrack, view: View) -> None:
        """Show the latest view of a sleeve to whoever has it, if it is seen with him."""
        span = self._held.get(sleeve.number)
        if span is not None and span.person == sleeve.last.person:
            span.offer(view)

    def span_of(self, sleeve: SleeveTrack) -> Span | None:
        """Return who has a sleeve."""
        return self._held.get(sleeve.number)

    @property
    def holders(self) -> set[int]:
        """Who has any."""
        return {span.person for span in self._held.values()}

    def earliest_s(self, person: int, sleeves: Sequence[SleeveTrack]) -> float:
        """Return when the first of a person's spans that are not over begins, or might begin.

        Args:
            sleeves: That are not gone; infinity is returned where he is seen with none of them.
        """
        held = [span.started_s for span in self._held.values() if span.person == person]
        seen = [at.seconds for one in sleeves for at in self._might_hold(one, person)]
        return min([*held, *seen], default=float("inf"))

    def _might_hold(self, sleeve: SleeveTrack, person: int) -> list[Sighting]:
        """Return the sightings with which a span of a person might begin."""
        passed_on = [
            one for one in sleeve.sightings[-self._config.passed :] if one.person == person
        ]
        return passed_on + self._since_taken(sleeve, person)

    def _begun(self, sleeve: SleeveTrack, before: Span | None) -> Span | None:
        """Return the span that the latest sightings of a sleeve make, if they do."""
        config, person = self._config, sleeve.last.person
        if person is None:
            return None
        since = sleeve.last.seconds - config.within_s
        recent = [one for one in sleeve.sightings if one.seconds >= since]
        of_person = [one for one in recent if one.person == person]
        if before is not None:
            latest = sleeve.sightings[-config.passed :]
            before_body = float(np.median([one.on_body for one in latest]))
            if any(one.person != person for one in latest) or before_body < config.passed_on_body:
                return None
            return Span(person, sleeve, latest)
        if len(of_person) < config.sightings or not self._is_sleeve(of_person):
            return None
        if not self._is_carried(sleeve, of_person):
            return None
        return Span(person, sleeve, self._since_taken(sleeve, person))

    def _is_sleeve(self, seen: Sequence[Sighting]) -> bool:
        scores = [one.score for one in seen]
        return max(scores) >= self._config.score and median(scores) >= self._config.usual_score

    def _is_carried(self, sleeve: SleeveTrack, with_person: Sequence[Sighting]) -> bool:
        """Whether a sleeve left its place, or came or stirs before a body and is never alone."""
        if sleeve.moved_s is not None:
            return True
        before_body = float(np.median([one.on_body for one in with_person]))
        came = sleeve.first_s - with_person[0].since_s >= self._config.came_s
        held = not sleeve.hung and (came or sleeve.stirs)
        return held and not sleeve.was_alone and before_body >= self._config.on_body

    def _since_taken(self, sleeve: SleeveTrack, person: int) -> list[Sighting]:
        """Return the sightings since a person took it from where it lay or hung.

        What is doubtful before it is seen beyond doubt may be the chest that it is held before.
        """
        start = sleeve.first_s
        must_move = sleeve.moved_s is not None or sleeve.was_alone or sleeve.hung
        if must_move and sleeve.rested_s - start > self._config.rest_s:
            start = sleeve.rested_s
        seen = [one for one in sleeve.sightings if one.seconds >= start and one.person == person]
        return list(dropwhile(lambda one: one.score < SURE, seen)) or seen


def holder_of(
    quad: Quad, persons: Sequence[TrackedPerson], before: int | None = None
) -> tuple[int | None, float]:
    """Return who has a sleeve within his reach, and its share before his body.

    Who had it keeps it as long as it lies before his body: somebody else may walk past, and one
    person may be seen twice. Otherwise it is the nearest.

    Args:
        before: Who had it when it was seen last.
    """
    middle = quad.mean(axis=0)
    nearest, least = None, 1.0
    for one in persons:
        if one.track_id == before and (share := _on_body(quad, one.box_xyxy)) >= KEEPS:
            return before, share
        if one.state == TrackState.LOST:  # nobody knows where he is
            continue
        x1, y1, x2, y2 = reach_of(one.box_xyxy)
        if not (x1 <= middle[0] <= x2 and y1 <= middle[1] <= y2):
            continue
        away = abs(middle[0] - (x1 + x2) / 2) / ((x2 - x1) / 2)
        if away < least:
            nearest, least = one, away
    if nearest is None:
        return None, 0.0
    return nearest.track_id, _on_body(quad, nearest.box_xyxy)


def _on_body(quad: Quad, box: Box) -> float:
    x1, y1, x2, y2 = box
    inset, top = BESIDE * (x2 - x1), y1 + HEAD * (y2 - y1)
    corners = [(x1 + inset, top), (x2 - inset, top), (x2 - inset, y2), (x1 + inset, y2)]
    return overlap_of(quad, np.array(corners, np.float64)) / max(area_of(quad), 1.0)
