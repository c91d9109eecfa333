"""Which pictures of a person are kept."""

from __future__ import annotations

import numpy as np

from cratewatch.footage.events import Event, EventKind
from cratewatch.footage.frames import Frame
from cratewatch.footage.persons import Box, TrackedPerson, TrackState
from cratewatch.footage.run import Seen
from cratewatch.words.gathering import TALL_PX, Gatherer, GatheringConfig, PersonTrack

NOISE = np.random.default_rng(0).integers(256, size=(400, 300, 3), dtype=np.uint8)
WHOLE: Box = (50, 50, 120, 250)


def person(box: Box, track_id: int = 1, state: TrackState = TrackState.CONFIRMED) -> TrackedPerson:
    return TrackedPerson(track_id, box, 0.9, state)


def gather(
    *frames: list[TrackedPerson], ends: bool = True, step_s: float = 3.0
) -> list[PersonTrack]:
    kept: list[PersonTrack] = []
    gatherer = Gatherer(kept.append, GatheringConfig())
    for number, persons in enumerate(frames):
        gatherer.write(Seen(Frame(number, number * step_s, NOISE), persons, [], None))
    if ends:
        ended = Event(99.0, 99, EventKind.TRACK_ENDED, 1, WHOLE, 0.9, {})
        gatherer.write_end([ended])
    gatherer.close()
    return kept


def test_three_of_the_best_are_kept_some_time_apart() -> None:
    (track,) = gather(*[[person(WHOLE)] for _ in range(9)])
    assert (track.track_id, len(track.pictures)) == (1, 3)
    assert gather(*[[person(WHOLE)] for _ in range(9)], step_s=0.5)[0].pictures[0].quality > 0
    close = gather(*[[person(WHOLE)] for _ in range(4)], step_s=0.5)
    assert len(close[0].pictures) == 1, "one within two seconds"


def test_whole_large_and_alone_is_better() -> None:
    cut, small = (50, 200, 120, 400), (50, 50, 74, 110)
    beside = [person(WHOLE), person((100, 50, 180, 250), 2)]
    (track, *_) = gather([person(cut)], [person(WHOLE)], [person(small)], beside)
    assert track.pictures[0].frame == 1
    assert track.pictures[0].box_xyxy == WHOLE


def test_who_is_small_hidden_or_lost_is_not_kept() -> None:
    tiny = [person((10, 10, 20, 40))]
    covered = [person(WHOLE), person(WHOLE, 2, TrackState.TENTATIVE)]
    lost = [person(WHOLE, state=TrackState.LOST)]
    assert gather(tiny, covered, lost) == []


def test_pictures_are_no_larger_than_they_need_be() -> None:
    (track,) = gather([person((20, 5, 280, 395))])
    assert track.pictures[0].pixels.shape[0] == TALL_PX


def test_what_goes_on_when_the_footage_is_broken_off_is_kept() -> None:
    assert len(gather([person(WHOLE)], ends=False)) == 1
    over_the_edge = gather([person((-30.5, -20, 40, 200))])
    assert over_the_edge[0].pictures[0].pixels.size > 0
