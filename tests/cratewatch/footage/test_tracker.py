from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from cratewatch.footage.association import best_pairs, buffered, buffered_overlaps
from cratewatch.footage.events import Event
from cratewatch.footage.persons import Box, Detection, TrackedPerson, TrackState
from cratewatch.footage.tracker import Tracker
from cratewatch.footage.tracks import TrackerConfig

FPS = 10
RED = np.array([1, 0, 0], np.float32)
BLUE = np.array([0, 0, 1], np.float32)


def person(x: float, y: float = 100, conf: float = 0.9, height: float = 100) -> Detection:
    return Detection((x, y, x + height * 0.4, y + height), conf)


class Stage:
    """Feeds a tracker frame by frame."""

    def __init__(self, **config: float) -> None:
        self.tracker = Tracker(TrackerConfig(**config))  # type: ignore[arg-type]
        self.events: list[Event] = []
        self.frame = 0
        self.looked = 0

    def show(self, *seen: tuple[Detection, np.ndarray] | Detection) -> list[TrackedPerson]:
        detections = [one[0] if isinstance(one, tuple) else one for one in seen]
        looks = [one[1] for one in seen if isinstance(one, tuple)]

        def look(numbers: Sequence[int]) -> np.ndarray:
            self.looked += len(numbers)
            return np.stack([looks[n] for n in numbers])

        persons, events = self.tracker.update(
            self.frame, self.frame / FPS, detections, look if len(looks) == len(seen) else None
        )
        self.frame += 1
        self.events += events
        return persons

    def kinds(self) -> list[str]:
        return [str(event.kind) for event in self.events]


def seen(persons: list[TrackedPerson]) -> dict[int, Box]:
    return {p.track_id: p.box_xyxy for p in persons if p.state == TrackState.CONFIRMED}


def test_boxes_grow_by_a_share_of_themselves() -> None:
    boxes = np.array([[10, 10, 20, 30]], np.float32)
    assert buffered(boxes, np.array([0.5], np.float32)).tolist() == [[5, 0, 25, 40]]


def test_buffered_boxes_overlap_where_the_boxes_do_not() -> None:
    one = np.array([[0, 0, 10, 10]], np.float32)
    other = np.array([[12, 0, 22, 10]], np.float32)
    none, some = (
        buffered_overlaps(one, other, np.array([share], np.float32))[0, 0] for share in (0, 0.5)
    )
    # Grown by a half they are 20 x 20 each and share 8 x 20.
    assert none == 0
    assert some == pytest.approx(160 / (400 + 400 - 160))


def test_pairs_score_best_together() -> None:
    scores = np.array([[0.9, 0.8], [0.85, 0.1]], np.float32)
    assert best_pairs(scores, 0.3) == [(0, 1), (1, 0)]
    assert best_pairs(scores, 0.82) == [(0, 0)] or best_pairs(scores, 0.82) == [(1, 0)]
    assert best_pairs(np.empty((0, 3), np.float32), 0.3) == []


def test_a_person_is_tentative_then_confirmed() -> None:
    stage = Stage(confirmed_after=3)
    states = [stage.show((person(n * 3), RED))[0].state for n in range(4)]
    assert states == ["tentative", "tentative", "confirmed", "confirmed"]
    assert stage.kinds() == ["track_started"]
    assert stage.events[0].frame == 2


def test_two_who_cross_keep_their_numbers_by_how_they_look() -> None:
    stage = Stage()
    for n in range(21):
        persons = stage.show((person(100 + 10 * n), RED), (person(300 - 10 * n, 104), BLUE))
    assert seen(persons)[1][0] == 300
    assert seen(persons)[2][0] == 100
    assert stage.kinds() == ["track_started", "track_started"]


def test_one_who_is_away_for_less_than_max_age_keeps_his_number() -> None:
    stage = Stage(max_age_s=4)
    for n in range(5):
        stage.show((person(100 + n), RED))
    for _ in range(20):
        lost = stage.show()
        assert [p.state for p in lost] == ["lost"]
        assert lost[0].conf == 0
    back = [stage.show((person(110 + n), RED)) for n in range(4)][-1]
    assert list(seen(back)) == [1]
    assert stage.kinds() == ["track_started", "track_lost", "track_recovered"]


def test_one_who_comes_back_elsewhere_is_known_by_how_he_looks() -> None:
    stage = Stage(max_age_s=4)
    for n in range(5):
        stage.show((person(100 + n), RED))
    for _ in range(15):
        stage.show()
    for n in range(4):
        back = stage.show((person(600 + n), RED))
    assert list(seen(back)) == [1]
    switch = next(event for event in stage.events if event.kind == "id_switch_mitigated")
    assert switch.as_line()["old_id"] == switch.track_id == 1
    assert switch.as_line()["new_id"] == 2
    assert switch.as_line()["similarity"] == 1
    assert stage.kinds()[-1] == "track_recovered"


def test_another_who_comes_instead_is_another() -> None:
    stage = Stage(max_age_s=4)
    for n in range(5):
        stage.show((person(100 + n), RED))
    for _ in range(15):
        stage.show()
    for n in range(4):
        back = stage.show((person(600 + n), BLUE))
    assert list(seen(back)) == [2]
    assert "id_switch_mitigated" not in stage.kinds()


def test_a_cut_to_another_scene_and_back() -> None:
    stage = Stage(max_age_s=4)
    for n in range(8):
        stage.show((person(100 + n), RED))
    for n in range(8):
        elsewhere = stage.show((person(600 - n, y=300), BLUE))
    assert list(seen(elsewhere)) == [2]
    for n in range(6):
        back = stage.show((person(108 + n), RED))
    assert list(seen(back)) == [1]


def test_after_max_age_he_is_somebody_new() -> None:
    stage = Stage(max_age_s=1)
    for n in range(5):
        stage.show((person(100 + n), RED))
    for _ in range(15):
        gone = stage.show()
    assert gone == []
    for n in range(4):
        back = stage.show((person(100 + n), RED))
    assert list(seen(back)) == [2]
    assert stage.kinds()[:3] == ["track_started", "track_lost", "track_ended"]


def test_a_weak_detection_continues_a_track_and_begins_none() -> None:
    stage = Stage(conf=0.4)
    for n in range(5):
        stage.show((person(100 + n), RED), (person(400, conf=0.55), BLUE))
    weak = stage.show((person(105, conf=0.2), RED))
    assert [(p.track_id, p.state) for p in weak] == [(1, "confirmed")]


def test_the_thresholds_follow_conf() -> None:
    stage = Stage(conf=0.2)
    for n in range(4):
        persons = stage.show((person(400 + n, conf=0.45), BLUE))
    assert len(seen(persons)) == 1


def test_those_who_stand_alone_are_looked_at_now_and_then() -> None:
    stage = Stage(look_every_s=0.5)
    for n in range(20):
        stage.show((person(100 + n), RED), (person(500 - n), BLUE))
    assert stage.looked == 2 * 4
    for n in range(20):
        stage.show((person(100 + 2 * n), RED), (person(130 + 2 * n), BLUE))
    assert stage.looked > 2 * 4 + 2 * 15


def test_without_appearance_place_alone_tells() -> None:
    stage = Stage()
    for n in range(6):
        persons = stage.show(person(100 + 4 * n), person(300 - 4 * n))
    assert sorted(seen(persons)) == [1, 2]
    assert [event.kind for event in stage.tracker.end()] == ["track_ended", "track_ended"]


def test_times_count_and_not_frames() -> None:
    tracker = Tracker(TrackerConfig(max_age_s=2))
    for frame, seconds in enumerate([0.0, 0.1, 0.2]):
        tracker.update(frame, seconds, [person(100)], lambda _: RED[None])
    assert len(tracker.update(3, 2.1, [])[0]) == 1
    persons, events = tracker.update(4, 2.3, [])
    assert persons == []
    assert [event.kind for event in events] == ["track_ended"]
