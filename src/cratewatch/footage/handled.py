"""Handlings as they are told in the end: spans that are one are merged, each with its best view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cratewatch.finding.quads import side_of
from cratewatch.footage.handlings import Handling
from cratewatch.footage.holding import Span
from cratewatch.footage.sleeve_names import Identity, SleeveViews, View

SAME_GAP_S = 4.0
"""Seconds between two spans of one person and one artwork up to which they are one handling."""
ON_GAP_S, ON_REACH = 0.9, 1.2
"""Seconds, and sides of the sleeve, between two sightings up to which nobody changes records."""
Seen = tuple[Span, SleeveViews]


@dataclass(frozen=True)
class Handled:
    """A handling, what its frames voted for, and the frame in which the sleeve is seen best."""

    handling: Handling
    identity: Identity
    view: View | None


def merged(over: Sequence[Seen]) -> list[Handled]:
    """Return the handlings of spans, in the order in which they began, numbered from 1."""
    groups: list[list[Seen]] = []
    for one in sorted(over, key=lambda one: one[0].started_s):
        before = next((group for group in groups if _goes_on(group, one)), None)
        if before is None:
            groups.append([one])
        else:
            before.append(one)
    return [_handled(number, group) for number, group in enumerate(groups, start=1)]


def _goes_on(group: Sequence[Seen], after: Seen) -> bool:
    """Whether a handling goes on in a span that began later."""
    span, views = after
    if group[0][0].person != span.person:
        return False
    known = {one.artwork_id for _, each in group if (one := each.identity).known}
    if known and views.identity.known:
        gap_s = span.started_s - max(one.ended_s for one, _ in group)
        return views.identity.artwork_id in known and gap_s <= SAME_GAP_S
    frames = {seen.frame for seen in span.sightings}
    if any(seen.frame in frames for one, _ in group for seen in one.sightings):
        return False
    last = max((seen for one, _ in group for seen in one.sightings), key=lambda s: s.seconds)
    first = span.sightings[0]
    away = float(np.linalg.norm(first.quad.mean(axis=0) - last.quad.mean(axis=0)))
    near = away <= ON_REACH * max(side_of(first.quad), side_of(last.quad))
    return near and first.seconds - last.seconds <= ON_GAP_S


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
        started_s=min(span.started_s for span in spans),
        ended_s=max(span.ended_s for span in spans),
        cover_id=match.cover_id if match else None,
        artwork_id=match.artwork_id if match else None,
        probability=identity.probability,
        known=identity.known,
        frames=len(frames),
        best_frame=view.frame if view else max(frames),
    )
    return Handled(handling, identity, view)


def _sureness(identity: Identity) -> tuple[bool, float]:
    return identity.known, identity.probability or 0.0
