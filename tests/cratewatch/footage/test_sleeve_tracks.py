"""What is remembered of a sleeve."""

import numpy as np

from cratewatch.finding.quads import UNIT
from cratewatch.footage.sleeve_tracks import LATEST, LOOK_PX, Sighting, SleeveTrack


def sighting(number: int, person: int | None, x: float = 0.0) -> Sighting:
    look = np.zeros((LOOK_PX, LOOK_PX, 3), np.float32)
    return Sighting(number, number / 3, UNIT * 60.0 + (x, 0.0), 0.9, look, person, 0.0)


def test_what_hangs_all_day_is_not_remembered_all_day() -> None:
    track = SleeveTrack(1)
    for number in range(1000):
        track.add(sighting(number, None if number == 3 else 7))
    assert len(track.sightings) == LATEST + 1
    assert (track.first_s, track.last.frame) == (0.0, 999)
    assert track.hangs
    assert track.was_alone


def test_it_is_known_when_it_left_its_place_however_long_it_was_there() -> None:
    track = SleeveTrack(1)
    for number in range(1000):
        track.add(sighting(number, 7))
    for number in range(1000, 1003):
        track.add(sighting(number, 7, x=90.0))
    assert track.rested_s == 999 / 3
    assert track.moved_s == 1000 / 3
    assert not track.was_alone


def test_what_is_partly_hidden_does_not_stir() -> None:
    hung, held = SleeveTrack(1), SleeveTrack(2)
    for number in range(12):
        hidden = (0.4, 0.0, 0.0)[number % 3]
        whole = sighting(number, 7)
        half = UNIT * (60.0 * (1 - hidden), 60.0)
        hung.add(Sighting(number, number / 3, half, 0.9, whole.look, 7, 1.0))
        held.add(sighting(number, 7, x=(6.0, 0.0, -6.0)[number % 3]))
    assert not hung.stirs
    assert held.stirs
