"""What becomes of sleeves that are told to be here and there, seen with people who stand still."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from cratewatch.catalog.records import ListedRelease
from cratewatch.finding.cutting import Upright
from cratewatch.finding.finder import FoundSleeve
from cratewatch.finding.loading import load_finder
from cratewatch.finding.quads import Rgb
from cratewatch.footage.events import Event
from cratewatch.footage.frames import Frame
from cratewatch.footage.handled import Handled
from cratewatch.footage.handled_files import HandledFiles
from cratewatch.footage.persons import Box, TrackedPerson, TrackState
from cratewatch.footage.run_folder import pictures, read_handlings
from cratewatch.footage.sleeve_looks import SleeveLooks
from cratewatch.footage.sleeve_tracks import likeness, look_of
from cratewatch.footage.sleeves import SleeveWatch
from cratewatch.reports.footage.page import write_page
from cratewatch.retrieval.answers import Belief, SleeveAnswer
from cratewatch.retrieval.config import SearchConfig
from cratewatch.retrieval.matches import Match
from cratewatch.retrieval.verdict import Calibration

pytestmark = pytest.mark.heavy

LEFT, RIGHT = (40.0, 20.0, 140.0, 320.0), (300.0, 20.0, 400.0, 320.0)
FPS = 10
SIDE = 56
Where = Callable[[float], tuple[float, float] | None]
"""The middle of a sleeve at a moment; None while it is not seen."""


def face(seed: int) -> Rgb:
    coarse = np.random.default_rng(seed).integers(0, 256, (7, 7, 3)).astype(np.uint8)
    return np.repeat(np.repeat(coarse, SIDE // 7, axis=0), SIDE // 7, axis=1)


def quad(middle: tuple[float, float], side: float = SIDE) -> np.ndarray:
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], np.float64) * side / 2
    return corners + np.array(middle)


class Play:
    """Footage of sleeves, drawn and told."""

    def __init__(self, *sleeves: Where, boxes: dict[int, Box] | None = None) -> None:
        self.sleeves = sleeves
        self.boxes = {1: LEFT} if boxes is None else boxes
        self.scores: tuple[float, ...] = (0.9,)
        self.walks_px_s = 0.0
        self._seconds = 0.0

    def frame(self, number: int) -> Frame:
        self._seconds = number / FPS
        picture = np.full((360, 480, 3), 128, np.uint8)
        for seed, where in enumerate(self.sleeves):
            middle = where(number / FPS)
            if middle is not None:
                x, y = (round(value - SIDE / 2) for value in middle)
                picture[y : y + SIDE, x : x + SIDE] = face(seed)
        return Frame(number, number / FPS, picture)

    def found(self, frame: Frame) -> list[FoundSleeve]:
        middles = [where(frame.seconds) for where in self.sleeves]
        score = self.scores[frame.number % len(self.scores)]
        return [FoundSleeve(quad(one), score) for one in middles if one is not None]

    def persons(self) -> list[TrackedPerson]:
        gone = self.walks_px_s * self._seconds
        return [
            TrackedPerson(number, (x1 + gone, y1, x2 + gone, y2), 0.8, TrackState.CONFIRMED)
            for number, (x1, y1, x2, y2) in self.boxes.items()
        ]


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[SleeveWatch, list[Event]]]:
    def watch(play: Play, seconds: float = 12.0, namer: object = None) -> tuple[SleeveWatch, list]:
        def look(looks: SleeveLooks, frame: Frame, _persons: object) -> list[FoundSleeve]:
            looks._last_s = frame.seconds
            return play.found(frame)

        monkeypatch.setattr(SleeveLooks, "look", look)
        watch = SleeveWatch(load_finder(), namer)  # type: ignore[arg-type]
        events: list[Event] = []
        for number in range(round(seconds * FPS)):
            events += watch.see(play.frame(number), play.persons())
        return watch, [*events, *watch.end()]

    return watch


def lifted(start: float, end: float, x: float = 90.0) -> Where:
    """A sleeve that is lifted from the hip to the chest, held and lowered again."""

    def where(seconds: float) -> tuple[float, float] | None:
        if not start <= seconds <= end:
            return None
        up = min(1.0, (seconds - start) / 0.8, (end - seconds) / 0.8)
        tremble = 2 * np.sin(5 * seconds)
        return x + tremble, 190 - 80 * up

    return where


class WithChest(Play):
    """Footage in which a chest is doubtfully taken for a sleeve while no sleeve is before it."""

    chest_from_s = 0.0

    def found(self, frame: Frame) -> list[FoundSleeve]:
        is_seen = frame.seconds >= self.chest_from_s
        chest = [FoundSleeve(quad((90, 175), 1.5 * SIDE), 0.42)] if is_seen else []
        return super().found(frame) or chest


def hung(x: float, y: float) -> Where:
    return lambda _seconds: (x, y)


def test_a_sleeve_that_is_lifted_and_lowered_is_one_handling(watched: Callable) -> None:
    watch, events = watched(Play(lifted(2, 8)))

    (one,) = watch.handled()
    assert one.handling.track_id == 1
    assert one.handling.started_s == pytest.approx(2, abs=0.35)
    assert one.handling.ended_s == pytest.approx(8, abs=0.35)
    assert not one.handling.known
    assert one.handling.probability is None
    assert [str(event.kind) for event in events] == ["sleeve_picked_up", "sleeve_put_back"]


def test_what_hangs_beside_a_person_is_not_handled(watched: Callable) -> None:
    watch, events = watched(Play(hung(165, 100), hung(60, 45)))
    assert watch.handled() == []
    assert events == []


def test_what_hangs_where_a_picture_is_taken_for_a_person_is_not_handled(
    watched: Callable,
) -> None:
    assert watched(Play(hung(90, 150)))[0].handled() == []


def test_what_somebody_walks_past_is_not_handled(watched: Callable) -> None:
    def hides(x: float) -> Where:
        """A sleeve on the wall that is not seen while his body is before it."""
        return lambda at: None if abs(x - 90 - 60 * at) < 60 else (x, 110)

    play = Play(hides(190), hides(260), hides(330))
    play.walks_px_s = 60.0
    assert watched(play, seconds=6)[0].handled() == []


def test_what_hangs_beside_one_who_holds_a_sleeve_stays_there(watched: Callable) -> None:
    held = lifted(4, 9, 105.0)
    covered = Play(lambda at: None if 3.5 < at < 6 else (160, 110), held)
    (one,) = watched(covered)[0].handled()
    assert one.handling.started_s == pytest.approx(4, abs=0.7)
    assert one.handling.ended_s == pytest.approx(9, abs=0.7)


def test_what_is_hardly_ever_like_a_sleeve_is_not_handled(watched: Callable) -> None:
    play = Play(lifted(2, 8))
    play.scores = (0.43,) * 5 + (0.67,) + (0.41,) * 6
    assert watched(play)[0].handled() == []
    play.scores = (0.43, 0.7, 0.67, 0.7)
    assert len(watched(play)[0].handled()) == 1


def test_one_wrong_quad_does_not_take_a_sleeve_off_the_wall(watched: Callable) -> None:
    wrong = lifted(7, 11)
    play = Play(lambda at: (100, 150) if 5.9 < at < 6.2 else (165, 100), wrong)
    handled = watched(play)[0].handled()
    assert [round(one.handling.started_s) for one in handled] == [7]


def test_a_sleeve_that_hung_is_handled_from_when_it_is_taken(watched: Callable) -> None:
    def where(seconds: float) -> tuple[float, float]:
        gone = min(1.0, max(0.0, seconds - 6.0))
        return 165 - 75 * gone, 60 + 60 * gone + 2 * np.sin(4 * seconds) * gone

    (one,) = watched(Play(where))[0].handled()
    assert one.handling.started_s == pytest.approx(6.0, abs=0.7)


def test_two_after_each_other_are_two_handlings(watched: Callable) -> None:
    watch, _ = watched(Play(lifted(1, 5), lifted(6.2, 10)))
    assert len(watch.handled()) == 2


def test_two_that_look_most_like_one_artwork_are_one_handling(watched: Callable) -> None:
    play = Play(lifted(1, 5), lifted(6.2, 10))
    assert len(watched(play, namer=Sure(0.2))[0].handled()) == 1


def test_a_handling_begins_with_the_sleeve_and_not_with_the_chest(watched: Callable) -> None:
    play = WithChest(lifted(4, 8))
    play.chest_from_s = 3.2
    (one,) = watched(play)[0].handled()
    assert one.handling.started_s == pytest.approx(4, abs=0.35)


def test_what_never_stirs_was_not_in_hands(watched: Callable) -> None:
    assert watched(Play(lambda at: (90, 110) if 3 <= at <= 9 else None))[0].handled() == []


@pytest.mark.parametrize(("score", "handled"), [(0.55, 1), (0.7, 2)])
def test_clothes_about_a_sleeve_are_none(watched: Callable, score: float, handled: int) -> None:
    class WithClothes(Play):
        def found(self, frame: Frame) -> list[FoundSleeve]:
            middle = lifted(2.5, 8.5)(frame.seconds)
            below = [] if middle is None else [FoundSleeve(quad((90, middle[1] + 75)), score)]
            return super().found(frame) + below

    play = WithClothes(lifted(2, 9))
    assert len(watched(play)[0].handled()) == handled


def test_a_chest_that_looks_like_a_sleeve_does_not_go_on_with_one(watched: Callable) -> None:
    watch, _ = watched(WithChest(lifted(2, 5), lifted(7.5, 11)), seconds=14)
    times = [(one.handling.started_s, one.handling.ended_s) for one in watch.handled()]
    assert times == [pytest.approx((2, 5), abs=0.5), pytest.approx((7.5, 11), abs=0.5)]


def test_two_at_once_are_two_handlings(watched: Callable) -> None:
    watch, _ = watched(Play(lifted(1, 8, 65.0), lifted(2, 9, 125.0)))
    assert len(watch.handled()) == 2


def test_a_sleeve_that_is_passed_on_is_a_handling_of_each(watched: Callable) -> None:
    def where(seconds: float) -> tuple[float, float] | None:
        held = lifted(1, 11)(seconds)
        if held is None:
            return None
        return held[0] + 260 * min(1.0, max(0.0, seconds - 5)), held[1]

    boxes = {1: LEFT, 2: RIGHT}
    first, second = watched(Play(where, boxes=boxes), namer=Sure(0.8))[0].handled()
    assert (first.handling.track_id, second.handling.track_id) == (1, 2)
    assert first.handling.ended_s == pytest.approx(5.5, abs=0.7)
    assert second.handling.started_s == pytest.approx(5.5, abs=0.7)
    for one in (first, second):
        assert one.handling.started_s <= one.handling.best_frame / FPS <= one.handling.ended_s


def test_one_who_is_seen_twice_passes_nothing_on(watched: Callable) -> None:
    def drifting(at: float) -> tuple[float, float] | None:
        held = lifted(1, 9, 75.0)(at)
        return held and (held[0] + 4 * at, held[1])

    boxes = {1: LEFT, 2: (60.0, 20.0, 165.0, 220.0)}
    assert len(watched(Play(drifting, boxes=boxes))[0].handled()) == 1


def test_what_is_held_before_a_counter_lies_in_reach(watched: Callable) -> None:
    boxes = {1: (40.0, 20.0, 240.0, 262.0)}
    low = lifted(1, 9, 140.0)
    play = Play(lambda at: (held := low(at)) and (held[0], held[1] + 110), boxes=boxes)
    assert len(watched(play)[0].handled()) == 1


def test_one_that_is_not_seen_for_a_moment_is_still_held(watched: Callable) -> None:
    held = lifted(1, 9)
    watch, _ = watched(Play(lambda at: None if 4 < at < 5 else held(at)))
    assert len(watch.handled()) == 1


def written(folder: Path, handled: Callable[[], Sequence[Handled]]) -> None:
    files = HandledFiles(folder, handled)
    files.write_end([])
    files.close()


class Sure:
    """Knows every sleeve for the same record, at a glance or when it looks again."""

    calibration = Calibration(0.5, 20.0, 0.4, 1.0, 0.01, 0.01, 0.9, 0.0, 100, SearchConfig())

    def __init__(self, score: float, at_last: float | None = None) -> None:
        self.score = score
        self.at_last = at_last
        self.named = self.asked_again = 0

    def name(self, found: list[Upright], top: int) -> list[SleeveAnswer]:
        assert top > 0
        self.named += len(found)
        answers = (self._match("a", self.score),)
        return [SleeveAnswer(((0, 0),) * 4, 0.9, 56, False, Belief(), answers) for _ in found]

    def name_by_two(self, views: list[Upright]) -> Match | None:
        assert len(views) == 2
        self.asked_again += 1
        return None if self.at_last is None else self._match("b", self.at_last)

    @staticmethod
    def _match(name: str, score: float) -> Match:
        releases: tuple[ListedRelease, ...] = ()
        return Match("c" * 64, name * 64, score, "shop", "/covers/=SUM.jpg", releases)


def test_a_sleeve_is_named_until_the_vote_is_sure(watched: Callable) -> None:
    namer = Sure(0.8)
    watch, events = watched(Play(lifted(2, 10)), namer=namer)
    (one,) = watch.handled()
    assert one.handling.known
    assert one.handling.artwork_id == "a" * 64
    assert one.handling.probability == pytest.approx(1.0, abs=0.01)
    assert namer.named == 2
    kinds = [str(event.kind) for event in events]
    assert kinds == ["sleeve_picked_up", "sleeve_identified", "sleeve_put_back"]


def test_what_nobody_is_sure_of_is_asked_no_more_than_so_often(watched: Callable) -> None:
    namer = Sure(0.2)
    (one,) = watched(Play(lifted(1, 11)), namer=namer)[0].handled()
    assert not one.handling.known
    assert 2 < namer.named <= 6
    assert namer.asked_again == 1


def test_what_no_glance_knows_is_looked_at_again_in_the_end(watched: Callable) -> None:
    namer = Sure(0.2, at_last=0.3)
    watch, events = watched(Play(lifted(1, 11)), namer=namer)
    (one,) = watch.handled()
    assert one.handling.known
    assert one.handling.artwork_id == "b" * 64
    assert one.handling.probability == namer.calibration.ceiling
    kinds = [str(event.kind) for event in events]
    assert kinds == ["sleeve_picked_up", "sleeve_identified", "sleeve_put_back"]


def test_what_is_known_is_not_looked_at_again(watched: Callable) -> None:
    namer = Sure(0.8, at_last=0.3)
    (one,) = watched(Play(lifted(1, 11)), namer=namer)[0].handled()
    assert one.handling.artwork_id == "a" * 64
    assert namer.asked_again == 0


def test_handlings_are_written_and_read(watched: Callable, tmp_path: Path) -> None:
    watch, _ = watched(Play(lifted(2, 10)), namer=Sure(0.8))
    (tmp_path / "handled").mkdir()
    (tmp_path / "handled" / "7.jpg").write_bytes(b"of a run that was interrupted")
    written(tmp_path, watch.handled)

    assert read_handlings(tmp_path)[0].cover_id == "c" * 64
    assert pictures(tmp_path).keys() == {1}
    with (tmp_path / "handled.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["path_or_url"] == "/covers/=SUM.jpg"
    assert row["known"] == "true"


def test_the_page_shows_handlings_and_says_when_there_are_none(
    watched: Callable, tmp_path: Path
) -> None:
    watch, _ = watched(Play(lifted(2, 10)), namer=Sure(0.8))
    page = tmp_path / "report.html"
    written(tmp_path, watch.handled)
    write_page(tmp_path, "<shop>.mp4", 12.0)
    text = page.read_text()
    assert "&lt;shop&gt;.mp4" in text
    assert "=SUM" in text
    assert "data:image/jpeg" in text
    assert "http" not in text.replace("http-equiv", "")
    written(tmp_path, list)
    write_page(tmp_path, "shop.mp4", 0.0)
    assert "Nobody took a record up" in page.read_text()


def test_a_look_is_the_same_whichever_way_it_lies() -> None:
    picture = np.full((100, 100, 3), 90, np.uint8)
    picture[20 : 20 + SIDE, 20 : 20 + SIDE] = face(3)
    corners = quad((20 + SIDE / 2, 20 + SIDE / 2))
    one, turned = look_of(picture, corners), look_of(picture, np.roll(corners, 1, axis=0))
    assert likeness(one, turned) > 0.95
    picture[20 : 20 + SIDE, 20 : 20 + SIDE] = face(4)
    assert likeness(one, look_of(picture, corners)) < 0.5
