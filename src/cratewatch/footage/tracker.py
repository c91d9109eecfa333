"""Follows persons from frame to frame, and knows them again when they come back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from cratewatch.footage.appearance import Embeddings
from cratewatch.footage.association import (
    IMPOSSIBLE,
    Scores,
    best_pairs,
    buffered_overlaps,
    lone_pairs,
    rest,
    similarities,
)
from cratewatch.footage.events import Event, EventKind
from cratewatch.footage.persons import Detection, TrackedPerson, TrackState
from cratewatch.footage.tracks import Track, TrackerConfig, Vector, as_box

Look = Callable[[Sequence[int]], Embeddings]
"""Takes numbers of detections, and returns their embeddings in that order."""
Looks = Mapping[int, Vector]


class Tracker:
    """Gives persons numbers that stay."""

    def __init__(self, config: TrackerConfig | None = None) -> None:
        self.config = config or TrackerConfig()
        self._tracks: list[Track] = []
        self._next_id = 1
        self._events: list[Event] = []
        self._frame, self._seconds = 0, 0.0

    def update(
        self,
        frame: int,
        seconds: float,
        seen: Sequence[Detection],
        look: Look | None = None,
    ) -> tuple[list[TrackedPerson], list[Event]]:
        """Take the detections of a frame.

        Args:
            frame: Its number.
            seconds: Its time.
            seen: Persons in it.
            look: Embeds some of them; it is asked for those alone of whom place leaves a doubt,
                and now and then for the others. None: place alone tells.

        Returns:
            Every track as it stands in this frame, by id; and what happened.
        """
        self._events = []
        self._frame, self._seconds = frame, seconds
        config = self.config
        sure = [n for n, one in enumerate(seen) if one.conf >= config.associate_from]
        weak = [n for n, one in enumerate(seen) if one.conf < config.associate_from]
        tracks, left = self._go_on_plainly(seen, sure) if look else (self._tracks, sure)
        looks = dict(zip(left, look(left), strict=True)) if look and left else None
        left = self._associate(tracks, seen, left, looks)
        in_sight = [t for t in self._tracks if seconds > t.seen_s >= seconds - config.tentative_s]
        self._associate(in_sight, seen, weak, None)
        self._begin([n for n in left if seen[n].conf >= config.start_from], seen, looks)
        self._confirm()
        self._forget()
        return self._persons(), self._events

    def end(self) -> list[Event]:
        """Return the ends of the tracks that go on when the footage ends."""
        self._events = []
        for track in self._tracks:
            self._end(track)
        self._tracks = []
        return self._events

    def _go_on_plainly(
        self, seen: Sequence[Detection], numbers: Sequence[int]
    ) -> tuple[list[Track], list[int]]:
        """Continue those who stand alone and were looked at lately; return who is left."""
        config = self.config
        near = self._near(self._tracks, [seen[n] for n in numbers])
        pairs = [
            (row, column)
            for row, column in lone_pairs(near, config.plain_overlap)
            if self._tracks[row].looked_s > self._seconds - config.look_every_s
        ]
        for row, column in pairs:
            self._go_on(self._tracks[row], seen[numbers[column]])
        rows = rest(len(self._tracks), (row for row, _ in pairs))
        columns = rest(len(numbers), (column for _, column in pairs))
        return [self._tracks[row] for row in rows], [numbers[column] for column in columns]

    def _associate(
        self,
        tracks: Sequence[Track],
        seen: Sequence[Detection],
        numbers: Sequence[int],
        looks: Looks | None,
    ) -> list[int]:
        """Go on with some of the detections; return the numbers of those that are left."""
        if not tracks or not numbers:
            return list(numbers)
        least = self.config.least_overlap if looks is None else self.config.least_score
        pairs = best_pairs(self._scores(tracks, seen, numbers, looks), least)
        for row, column in pairs:
            number = numbers[column]
            self._go_on(tracks[row], seen[number])
            if looks is not None:
                tracks[row].look_like(looks[number], self.config.memory)
        return [numbers[n] for n in rest(len(numbers), (column for _, column in pairs))]

    def _scores(
        self,
        tracks: Sequence[Track],
        seen: Sequence[Detection],
        numbers: Sequence[int],
        looks: Looks | None,
    ) -> Scores:
        near = self._near(tracks, [seen[n] for n in numbers])
        galleries = [t.appearance for t in tracks if t.appearance is not None]
        if looks is None or len(galleries) < len(tracks):
            return np.where(near > 0, near, IMPOSSIBLE)
        alike = similarities(np.stack(galleries), np.stack([looks[n] for n in numbers]))
        weight = self.config.overlap_weight
        return np.where(near > 0, weight * near + (1 - weight) * alike, IMPOSSIBLE)

    def _near(self, tracks: Sequence[Track], seen: Sequence[Detection]) -> Scores:
        """Return how much tracks, where they are expected, overlap detections."""
        if not tracks or not seen:
            return np.empty((len(tracks), len(seen)), np.float32)
        config = self.config
        boxes = np.array([one.box_xyxy for one in seen], np.float32)
        expected = np.stack([t.expected(self._seconds, config.believed_s) for t in tracks])
        unseen_s = np.array([self._seconds - t.seen_s for t in tracks], np.float32)
        shares = np.minimum(config.buffer + config.buffer_growth * unseen_s, config.most_buffer)
        return buffered_overlaps(expected, boxes, shares)

    def _go_on(self, track: Track, seen: Detection) -> None:
        unseen_s = self._seconds - track.seen_s
        track.take(seen, self._seconds, self.config)
        if track.is_told_lost:
            track.is_told_lost = False
            self._tell(EventKind.TRACK_RECOVERED, track, unseen_s=round(unseen_s, 3))

    def _begin(
        self, numbers: Sequence[int], seen: Sequence[Detection], looks: Looks | None
    ) -> None:
        for n in numbers:
            look = None if looks is None else looks[n]
            self._tracks.append(Track(self._next_id, seen[n], self._seconds, look))
            self._next_id += 1

    def _confirm(self) -> None:
        """Make tracks that were seen often enough persons: new ones, or ones that were lost."""
        for track in list(self._tracks):
            if not track.is_confirmed and track.hits >= self.config.confirmed_after:
                track.is_confirmed = True
                if not self._is_known(track):
                    self._tell(EventKind.TRACK_STARTED, track)

    def _is_known(self, track: Track) -> bool:
        """Give a new track the number of the lost one that it is most like, if it is like any."""
        if track.appearance is None:
            return False
        lost = [t for t in self._tracks if t.is_confirmed and t.seen_s < self._seconds]
        alike = [
            (float(t.appearance @ track.appearance), t) for t in lost if t.appearance is not None
        ]
        for similarity, old in sorted(alike, key=lambda pair: -pair[0]):
            near = old.can_reach(track, self.config.walking_heights_s)
            if similarity >= (self.config.near_similarity if near else self.config.reid_thresh):
                self._take_over(old, track, similarity)
                return True
        return False

    def _take_over(self, old: Track, newer: Track, similarity: float) -> None:
        unseen_s = round(self._seconds - old.seen_s, 3)
        alike = round(similarity, 3)
        self._tell(
            EventKind.ID_SWITCH_MITIGATED,
            newer,
            track_id=old.track_id,
            old_id=old.track_id,
            new_id=newer.track_id,
            similarity=alike,
        )
        old.go_on_as(newer)
        self._tracks.remove(newer)
        if old.is_told_lost:
            old.is_told_lost = False
            self._tell(EventKind.TRACK_RECOVERED, old, unseen_s=unseen_s, similarity=alike)

    def _forget(self) -> None:
        config = self.config
        told_s = min(config.lost_event_s, config.max_age_s / 2)
        for track in list(self._tracks):
            unseen_s = self._seconds - track.seen_s
            if unseen_s > (config.max_age_s if track.is_confirmed else config.tentative_s):
                self._end(track)
                self._tracks.remove(track)
            elif track.is_confirmed and not track.is_told_lost and unseen_s >= told_s:
                track.is_told_lost = True
                self._tell(EventKind.TRACK_LOST, track, last_seen_s=round(track.seen_s, 3))

    def _end(self, track: Track) -> None:
        if track.is_confirmed:
            self._tell(EventKind.TRACK_ENDED, track, last_seen_s=round(track.seen_s, 3))

    def _persons(self) -> list[TrackedPerson]:
        return [self._person(track) for track in sorted(self._tracks, key=lambda t: t.track_id)]

    def _person(self, track: Track) -> TrackedPerson:
        if track.seen_s < self._seconds:
            box = as_box(track.expected(self._seconds, self.config.believed_s))
            return TrackedPerson(track.track_id, box, 0.0, TrackState.LOST)
        state = TrackState.CONFIRMED if track.is_confirmed else TrackState.TENTATIVE
        return TrackedPerson(track.track_id, track.box_xyxy, track.conf, state)

    def _tell(
        self, kind: EventKind, track: Track, track_id: int | None = None, **more: Any
    ) -> None:
        self._events.append(
            Event(
                self._seconds,
                self._frame,
                kind,
                track_id or track.track_id,
                track.box_xyxy,
                track.conf,
                more,
            )
        )
