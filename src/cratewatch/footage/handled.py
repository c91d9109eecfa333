"""Handlings as they are told: spans that are one are merged, each with its best view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np

from cratewatch.finding.quads import side_of
from cratewatch.footage.handlings import Handling
from cratewatch.footage.holding import Span
from cratewatch.footage.sleeve_names import Identity, SleeveViews, View

SAME_GAP_S = 4.0
"""Seconds between two spans of one person and one artwork up to which they are one handling."""
ON_GAP_S, ON_REACH = 0.9, 1.2
"""Seconds, and sides of the sleeve, between two sightings up to which nobody changes records."""
LIKELY_GAP_S = 1.5
"""The same seconds where both look most like one artwork, though it is not believed."""
MOST_WAIT_S = 120.0
"""So long a span that is over waits for one of the same person that began before and goes on."""
CLOTHING, MEANWHILE = 0.65, 0.8
"""Score up to which what nobody knows is clothing, if its holder has a sleeve meanwhile: for that
share of its time."""
Seen = tuple[Span, SleeveViews]


@dataclass(frozen=True)
class Handled:
    """A handling, what its frames voted for, and the frame in which the sleeve is seen best."""

    handling: Handling
    identity: Identity
    view: View | None


class Merging:
    """Puts spans that are one handling together, and lets go of it once no other can belong to it.

    Those of a person are taken in the order in which they began, each when its sleeve is gone.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, list[Seen]] = {}
        self._groups: dict[int, list[list[Seen]]] = {}
        self._numbers = count(1)

    def add(self, span: Span, views: SleeveViews) -> None:
        """Take a span that is over, if it was in hands at all."""
        if span.lay_still:
            return
        self._waiting.setdefault(span.person, []).append((span, views))

    def take(self, now_s: float, earliest_s: Callable[[int], float]) -> list[Handled]:
        """Return the handlings to which nothing can be added any more, by when they began.

        Args:
            now_s: Infinity once nothing follows.
            earliest_s: Tells when the first of a person's spans that are still to come begins.
        """
        over: list[list[Seen]] = []
        for person in {*self._waiting, *self._groups}:
            over += self._over(person, now_s - MOST_WAIT_S, earliest_s(person))
        over.sort(key=_started_s)
        return [_handled(number, group) for group, number in zip(over, self._numbers, strict=False)]

    def _over(self, person: int, long_ago_s: float, earliest_s: float) -> list[list[Seen]]:
        """Take the spans of a person that are due, and let go of what they make."""
        waiting = sorted(self._waiting.pop(person, []), key=lambda one: one[0].started_s)
        groups = self._groups.pop(person, [])
        begins_s = max(earliest_s, long_ago_s)
        while waiting:
            span, views = waiting[0]
            is_final = views.is_final or span.ended_s <= long_ago_s
            if not is_final or span.started_s > begins_s:
                begins_s = min(begins_s, span.started_s)
                self._waiting[person] = waiting
                break
            _put(groups, waiting.pop(0))
        over: list[list[Seen]] = []
        for group in groups:
            if _ended_s(group) + SAME_GAP_S >= begins_s:
                self._groups.setdefault(person, []).append(group)
            elif not _is_clothing(group, groups):
                over.append(group)
        return over


def _put(groups: list[list[Seen]], one: Seen) -> None:
    before = next((group for group in groups if _goes_on(group, one)), None)
    if before is None:
        groups.append([one])
    else:
        before.append(one)


def _is_clothing(group: Sequence[Seen], groups: Sequence[Sequence[Seen]]) -> bool:
    """Whether it is what is seen of his clothes about a sleeve that he holds meanwhile."""
    if any(views.identity.known for _, views in group) or _score(group) >= CLOTHING:
        return False
    start, end = _started_s(group), _ended_s(group)
    for other in groups:
        together_s = min(end, _ended_s(other)) - max(start, _started_s(other))
        if _score(other) >= CLOTHING and together_s >= MEANWHILE * (end - start):
            return True
    return False


def _score(group: Sequence[Seen]) -> float:
    return max(span.score for span, _ in group)


def _goes_on(group: Sequence[Seen], after: Seen) -> bool:
    """Whether a handling goes on in a span of the same person that began later."""
    span, views = after
    known = {one.artwork_id for _, each in group if (one := each.identity).known}
    if known and views.identity.known:
        gap_s = span.started_s - _ended_s(group)
        return views.identity.artwork_id in known and gap_s <= SAME_GAP_S
    if any(_at_once(one, span) for one, _ in group):
        return False
    last = max((seen for one, _ in group for seen in one.sightings), key=lambda s: s.seconds)
    first = span.sightings[0]
    away = float(np.linalg.norm(first.quad.mean(axis=0) - last.quad.mean(axis=0)))
    near = away <= ON_REACH * max(side_of(first.quad), side_of(last.quad))
    artworks = {each.identity.artwork_id for _, each in group} - {None}
    most_s = LIKELY_GAP_S if views.identity.artwork_id in artworks else ON_GAP_S
    return near and first.seconds - last.seconds <= most_s


def _at_once(one: Span, other: Span) -> bool:
    """Whether two were seen in one frame; where not all of them are remembered, by the time."""
    frames = {seen.frame for seen in one.sightings}
    if any(seen.frame in frames for seen in other.sightings):
        return True
    return any(
        long.forgotten and long.started_s < short.ended_s and short.started_s < _remembered_s(long)
        for long, short in ((one, other), (other, one))
    )


def _remembered_s(span: Span) -> float:
    """Return from when on all sightings are remembered."""
    return span.sightings[1].seconds


def _started_s(group: Sequence[Seen]) -> float:
    return min(span.started_s for span, _ in group)


def _ended_s(group: Sequence[Seen]) -> float:
    return max(span.ended_s for span, _ in group)


def _handled(number: int, group: Sequence[Seen]) -> Handled:
    identity = max((views.identity for _, views in group), key=_sureness)
    spans = [span for span, _ in group]
    views = [span.view for span in spans if span.view]
    view = max(views, key=lambda one: one.quality) if views else None
    frames = {seen.frame for span in spans for seen in span.sightings}
    match = identity.match
    handling = Handling(
        handling_id=number,
        track_id=spans[0].person,
        started_s=_started_s(group),
        ended_s=_ended_s(group),
        cover_id=match.cover_id if match else None,
        artwork_id=match.artwork_id if match else None,
        probability=identity.probability,
        known=identity.known,
        frames=len(frames) + sum(span.forgotten for span in spans),
        best_frame=view.frame if view else max(frames),
    )
    return Handled(handling, identity, view)


def _sureness(identity: Identity) -> tuple[bool, float]:
    return identity.known, identity.probability or 0.0
