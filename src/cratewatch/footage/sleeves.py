"""Observes the sleeves of footage: who takes which record up, and when it is put back."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cratewatch.finding.finder import Finder, FoundSleeve
from cratewatch.finding.looking import Halvings
from cratewatch.finding.quads import Rgb
from cratewatch.footage.events import Event, EventKind
from cratewatch.footage.frames import Frame
from cratewatch.footage.handled import Handled, Merging
from cratewatch.footage.holding import Holding, Holdings, Span, holder_of
from cratewatch.footage.persons import Box, TrackedPerson
from cratewatch.footage.sleeve_drawing import Shown, draw_sleeve
from cratewatch.footage.sleeve_looks import Looking, SleeveLooks, lean
from cratewatch.footage.sleeve_names import Namer, Naming, SleeveViews, view_of
from cratewatch.footage.sleeve_tracks import (
    Sighting,
    SleeveTrack,
    SleeveTracks,
    Tracking,
    look_of,
)

SHOWN_S = 0.7
"""How long after its last sighting a sleeve is drawn."""


@dataclass(frozen=True)
class Watching:
    """How sleeves are looked for, followed, named, and when they count as handled."""

    looking: Looking = field(default_factory=Looking)
    tracking: Tracking = field(default_factory=Tracking)
    holding: Holding = field(default_factory=Holding)
    naming: Naming = field(default_factory=Naming)


class SleeveWatch:
    """Sees frame by frame what becomes of sleeves; see run.Observer.

    Attributes:
        spent_s: Seconds of each stage so far.
    """

    def __init__(self, finder: Finder, namer: Namer | None, config: Watching | None = None) -> None:
        """Begin.

        Args:
            namer: None where no gallery is: sleeves stay unknown.
        """
        self._config = config or Watching()
        self._looks = SleeveLooks(lean(finder), self._config.looking)
        self._tracks = SleeveTracks(self._config.tracking)
        self._holdings = Holdings(self._config.holding)
        self._namer = namer
        self._views: dict[int, SleeveViews] = {}
        self._shown: dict[int, Shown] = {}
        self._told: set[int] = set()
        self._boxes: dict[int, tuple[Box, float]] = {}
        self._since_s: dict[int, float] = {}
        self._merging = Merging()
        self._now_s = 0.0
        self.spent_s: dict[str, float] = defaultdict(float)

    def see(self, frame: Frame, persons: Sequence[TrackedPerson]) -> list[Event]:
        """Take a frame and the persons in it; return what happened."""
        if not self._looks.is_due(frame.seconds):
            return []
        self._note(frame.seconds, persons)
        start = time.perf_counter()
        found = self._looks.look(frame, persons)
        self.spent_s["find sleeves"] += time.perf_counter() - start
        events = list(self._follow(frame, found, persons))
        for track in self._tracks.drop_gone(frame.seconds):
            events += self._leave(track, frame)
        return events

    def draw(self, canvas: Rgb, frame: Frame) -> None:
        """Draw the sleeves that somebody has, as they were seen last."""
        for track in self._tracks.live:
            held = self._holdings.span_of(track) is not None
            if not held or frame.seconds - track.last.seconds > SHOWN_S:
                continue
            identity = self._views[track.number].identity
            if frame.number == track.last.frame:
                self._shown[track.number] = Shown.of(frame.pixels, track.last.quad)
            if identity.known and track.number in self._shown:
                self._shown[track.number].lay(canvas)
            draw_sleeve(canvas, track.last.quad, identity)

    def end(self) -> list[Event]:
        """Let go of all sleeves."""
        events = []
        for track in self._tracks.live:
            last = track.last
            frame = Frame(last.frame, last.seconds, np.zeros((1, 1, 3), np.uint8))
            events += self._leave(track, frame)
        self._tracks.live = []
        self._now_s = float("inf")
        return events

    def handled(self) -> list[Handled]:
        """Return the handlings that are over for good, and were not returned before."""
        return self._merging.take(self._now_s, self._earliest_s)

    def _earliest_s(self, person: int) -> float:
        """Return when the first of a person's spans that are not over begins, or might begin."""
        return min(self._now_s, self._holdings.earliest_s(person, self._tracks.live))

    def _note(self, seconds: float, persons: Sequence[TrackedPerson]) -> None:
        """Remember where persons are, and since when; of those who left, what is still needed."""
        self._now_s = seconds
        there = {one.track_id for one in persons}
        holders = self._holdings.holders
        self._boxes = {
            **{who: box for who, box in self._boxes.items() if who in holders},
            **{one.track_id: (one.box_xyxy, one.conf) for one in persons},
        }
        since_s = {who: at for who, at in self._since_s.items() if who in there}
        self._since_s = dict.fromkeys(there, seconds) | since_s

    def _follow(
        self, frame: Frame, found: Sequence[FoundSleeve], persons: Sequence[TrackedPerson]
    ) -> Iterator[Event]:
        looks = [look_of(frame.pixels, one.quad) for one in found]
        boxes = {one.track_id: one.box_xyxy for one in persons}
        tracks = self._tracks.match(found, looks, frame.seconds, boxes)
        halved = Halvings.of(frame.pixels)
        for one, look, track in zip(found, looks, tracks, strict=True):
            person, on_body = holder_of(one.quad, persons, track.holder)
            since_s = frame.seconds if person is None else self._since_s[person]
            seen = frame.number, frame.seconds, one.quad, one.score, look
            track.add(Sighting(*seen, person, on_body, since_s))
            views = self._views.setdefault(track.number, SleeveViews(self._config.naming))
            view = None if person is None else view_of(frame, halved, one)
            over, began = self._holdings.update(track)
            if over is not None:
                yield self._close(over, views, frame)
            if began is not None:
                yield self._event(EventKind.SLEEVE_PICKED_UP, began, frame, {})
            if view is not None:
                views.offer(view)
                self._holdings.offer(track, view)
            yield from self._name(track, frame, is_over=False)

    def _leave(self, track: SleeveTrack, frame: Frame) -> list[Event]:
        """Take note that a sleeve is gone."""
        events = list(self._name(track, frame, is_over=True))
        span = self._holdings.end(track)
        views = self._views.pop(track.number)
        views.forget()
        self._shown.pop(track.number, None)
        self._told.discard(track.number)
        return events if span is None else [*events, self._close(span, views, frame)]

    def _close(self, span: Span, views: SleeveViews, frame: Frame) -> Event:
        self._merging.add(span, views)
        more = {"ended_s": round(span.ended_s, 3), **_said(views)}
        return self._event(EventKind.SLEEVE_PUT_BACK, span, frame, more)

    def _name(self, track: SleeveTrack, frame: Frame, *, is_over: bool) -> Iterator[Event]:
        span, views = self._holdings.span_of(track), self._views[track.number]
        if span is None or self._namer is None:
            return
        start = time.perf_counter()
        while views.wants_name(is_over=is_over):
            views.name(self._namer)
        if is_over:
            views.name_at_last(self._namer)
        self.spent_s["name sleeves"] += time.perf_counter() - start
        if views.identity.known and track.number not in self._told:
            self._told.add(track.number)
            yield self._event(EventKind.SLEEVE_IDENTIFIED, span, frame, _said(views))

    def _event(self, kind: EventKind, span: Span, frame: Frame, more: dict[str, Any]) -> Event:
        box, conf = self._boxes[span.person]
        quad = [[round(float(x), 1), round(float(y), 1)] for x, y in span.sightings[-1].quad]
        told = {"sleeve_id": span.sleeve.number, "quad": quad, **more}
        return Event(frame.seconds, frame.number, kind, span.person, box, conf, told)


def _said(views: SleeveViews) -> dict[str, Any]:
    """Return what an event tells of a sleeve's name."""
    identity = views.identity
    match = identity.match
    return {
        "cover_id": match.cover_id if match else None,
        "artwork_id": match.artwork_id if match else None,
        "probability": identity.probability,
        "known": identity.known,
    }
