"""The way of footage, with persons that are told to it: no picture of one may lie here."""

from __future__ import annotations

import csv
import itertools
import json
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cratewatch.errors import CratewatchError
from cratewatch.finding.quads import Rgb
from cratewatch.footage.analysing import Analysis, FootageOptions, FootageReport
from cratewatch.footage.detecting import Detector
from cratewatch.footage.events import Event, EventKind
from cratewatch.footage.frames import Frame
from cratewatch.footage.live import Calling
from cratewatch.footage.live_page import LivePage
from cratewatch.footage.newest import Newest
from cratewatch.footage.persons import Detection, TrackedPerson
from cratewatch.footage.run import Observer, Seen
from cratewatch.footage.sources import open_source
from cratewatch.footage.thinning import Thinning, chosen_every, most_every
from tests.camera_server import camera_server
from tests.disks import small_disk
from tests.videos import plain, write

pytestmark = pytest.mark.heavy

WIDTH, HEIGHT = 320, 240


def striped(number: int) -> Rgb:
    """A picture whose every second row is black."""
    picture = np.full((HEIGHT, WIDTH, 3), 200, np.uint8)
    picture[::2] = 0
    picture[:4] = 40 + number
    return picture


def stands(pictures: Sequence[Rgb]) -> list[list[Detection]]:
    return [[Detection((100, 60, 160, 220), 0.9)] for _ in pictures]


@pytest.fixture
def video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two seconds in which a person stands still."""
    monkeypatch.setattr(Detector, "detect", lambda _, pictures: stands(pictures))
    return write(tmp_path / "shop.mp4", [striped(n) for n in range(20)])


class Watcher:
    """Sees a sleeve in the fifth frame, and draws in green."""

    def __init__(self) -> None:
        self.frames: list[int] = []
        self.persons: list[list[int]] = []
        self.is_over = False

    def see(self, frame: Frame, persons: Sequence[TrackedPerson]) -> Sequence[Event]:
        self.frames.append(frame.number)
        self.persons.append([person.track_id for person in persons])
        if frame.number != 5:
            return []
        return [Event(frame.seconds, 5, EventKind.SLEEVE_PICKED_UP, 1, (0, 0, 9, 9), 0.7)]

    def draw(self, canvas: Rgb, frame: Frame) -> None:
        assert frame.number == self.frames[-1]
        canvas[200:232, 250:300] = (0, 255, 0)

    def end(self) -> Sequence[Event]:
        self.is_over = True
        return [Event(1.9, 19, EventKind.SLEEVE_PUT_BACK, 1, (0, 0, 9, 9), 0.7)]


class Breaker:
    """Breaks the run off at a frame."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def write(self, seen: Seen) -> None:
        if seen.frame.number == 10:
            raise self._error

    def write_end(self, events: Sequence[Event]) -> None:
        pass

    def close(self) -> None:
        pass


def analyse(
    video: Path,
    folder: Path,
    *outputs: Breaker,
    observers: Sequence[Observer] = (),
    **options: Any,
) -> FootageReport:
    analysis = Analysis(open_source(str(video)), folder, FootageOptions(**options))
    return analysis.begin() or analysis.run(observers, outputs)


def events_of(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "tracks.csv").open() as file:
        return list(csv.DictReader(file))


def frames_of(folder: Path) -> list[Frame]:
    return list(open_source(str(folder / "annotated.mp4")).frames())


def test_a_run_leaves_its_files(video: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    report = analyse(video, folder)

    assert report.complete
    assert (report.frames, report.persons, report.seconds, report.every) == (20, 1, 1.9, 1)
    assert report.max_age_s == 3
    assert [row["frame"] for row in rows_of(folder)] == [str(n) for n in range(20)]
    assert rows_of(folder)[3] == {
        **{"frame": "3", "track_id": "1", "x1": "100.0", "y1": "60.0", "x2": "160.0"},
        **{"y2": "220.0", "det_conf": "0.900", "state": "confirmed", "t_s": "0.300"},
    }
    assert events_of(folder) == [
        {
            **{"t": 0.2, "event": "track_started", "frame": 2, "track_id": 1},
            **{"bbox": [100.0, 60.0, 160.0, 220.0], "conf": 0.9},
        },
        {
            **{"t": 1.9, "event": "track_ended", "frame": 19, "track_id": 1},
            **{"bbox": [100.0, 60.0, 160.0, 220.0], "conf": 0.9, "last_seen_s": 1.9},
        },
    ]
    assert len(frames_of(folder)) == 20
    run = json.loads((folder / "run.json").read_text())
    assert run["report"]["complete"]
    assert run["input"]["name"] == str(video)
    assert run["settings"]["conf"] == 0.4


def stripes(picture: Rgb, x: int, y: int) -> float:
    """How much rows differ from their neighbours around a point."""
    part = picture[y - 8 : y + 8, x - 8 : x + 8].astype(float)
    return float(np.abs(np.diff(part, axis=0)).mean())


def test_persons_are_hidden_on_what_is_kept(video: Path, tmp_path: Path) -> None:
    analyse(video, tmp_path / "run")
    analyse(video, tmp_path / "plain", hides=False)
    hidden, shown = (frames_of(tmp_path / name)[10].pixels for name in ("run", "plain"))

    assert stripes(hidden, 130, 80) < 10
    assert stripes(hidden, 130, 180) < 30
    assert stripes(hidden, 40, 180) > 100
    assert stripes(shown, 130, 80) > 100


def test_observers_see_draw_and_end(video: Path, tmp_path: Path) -> None:
    watcher = Watcher()
    report = analyse(video, tmp_path / "run", observers=[watcher])

    assert watcher.frames == list(range(20))
    assert watcher.persons[3] == [1]
    assert watcher.is_over
    assert report.events["sleeve_picked_up"] == 1
    assert [event["event"] for event in events_of(tmp_path / "run")] == [
        *("track_started", "sleeve_picked_up", "track_ended", "sleeve_put_back"),
    ]
    red, green, _ = frames_of(tmp_path / "run")[3].pixels[216, 275].tolist()
    assert green > 200
    assert red < 60


def test_an_interrupted_run_leaves_whole_files_and_starts_anew(video: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    watcher = Watcher()
    with pytest.raises(KeyboardInterrupt):
        analyse(video, folder, Breaker(KeyboardInterrupt()), observers=[watcher])

    assert watcher.is_over
    assert len(frames_of(folder)) == 11
    assert len(rows_of(folder)) == 11
    assert events_of(folder)[-1]["event"] == "sleeve_put_back"
    assert not json.loads((folder / "run.json").read_text())["report"]["complete"]
    assert analyse(video, folder).frames == 20
    assert len(rows_of(folder)) == 20


def test_a_stream_that_is_stopped_counts_all_that_it_read(video: Path, tmp_path: Path) -> None:
    stopped = threading.Event()
    with camera_server() as camera:
        camera.size_px = (WIDTH, HEIGHT)
        source = open_source(camera.url, calling=Calling(timeout_s=5))
        analysis = Analysis(source, tmp_path / "run", FootageOptions(), stopped=stopped)
        analysis.begin()
        threading.Timer(1.0, stopped.set).start()
        report = analysis.run()
    assert report.complete
    assert report.read == report.frames + report.skipped + report.dropped > 5


def test_a_full_disk_ends_it_with_whole_files(video: Path, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space"):
        analyse(video, tmp_path / "run", Breaker(OSError(28, "No space left on device")))
    assert len(frames_of(tmp_path / "run")) == 11


def test_a_disk_that_fills_up_leaves_what_plays(video: Path, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, HEIGHT, WIDTH, 3), dtype=np.uint8)
    loud = write(tmp_path / "loud.mp4", list(noise))
    folder = tmp_path / "small" / "run"
    with small_disk(tmp_path / "small", 1024):
        with pytest.raises(OSError, match="No space left"):
            analyse(loud, folder, hides=False)
        left = open_source(str(folder / "annotated.mp4"))
        assert 5 < len(list(left.frames())) < 40
        assert left.notes == []  # as of a packet that is cut off
        assert (folder / "tracks.csv").read_text().endswith("\n")
        assert all(len(row) == 9 and row["t_s"] for row in rows_of(folder))
        told = json.loads((folder / "run.json").read_text())["report"]
        assert not (told or {}).get("complete")


def test_4k_is_looked_at(video: Path, tmp_path: Path) -> None:
    large = np.full((2160, 3840, 3), 90, np.uint8)
    file = write(tmp_path / "4k.mp4", [large] * 3)
    report = analyse(file, tmp_path / "run")
    assert (report.frames, report.read) == (3, 3)
    assert frames_of(tmp_path / "run")[0].pixels.shape == (2160, 3840, 3)


def test_one_frame_is_a_run(video: Path, tmp_path: Path) -> None:
    report = analyse(write(tmp_path / "one.mp4", [striped(0)]), tmp_path / "run")
    assert (report.frames, report.seconds, report.persons) == (1, 0.0, 0)
    assert len(frames_of(tmp_path / "run")) == 1


def test_what_is_whole_is_not_run_again(video: Path, tmp_path: Path) -> None:
    first = analyse(video, tmp_path / "run")
    assert analyse(video, tmp_path / "run") == first


def test_the_folder_of_another_run_is_refused(video: Path, tmp_path: Path) -> None:
    analyse(video, tmp_path / "run")
    with pytest.raises(CratewatchError, match=r"another run \(settings conf: 0\.4, not 0\.5\)"):
        analyse(video, tmp_path / "run", conf=0.5)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(CratewatchError, match="no run of footage"):
        analyse(video, tmp_path / "mine")


def test_each_nth_frame_keeps_its_number_and_time(video: Path, tmp_path: Path) -> None:
    report = analyse(video, tmp_path / "run", every=4)
    assert report.frames == 5
    assert [(row["frame"], row["t_s"]) for row in rows_of(tmp_path / "run")][1] == ("4", "0.400")
    assert [round(f.seconds, 2) for f in frames_of(tmp_path / "run")] == [0, 0.4, 0.8, 1.2, 1.6]


@pytest.mark.parametrize(
    ("rate", "nth"), [(5, 1), (15, 1), (24, 1), (25, 2), (30, 2), (50, 4), (60, 4)]
)
def test_frames_are_looked_at_by_the_rate(rate: float, nth: int) -> None:
    assert chosen_every(rate) == nth


def frames(count: int) -> Iterator[Frame]:
    return (Frame(n, n / 10, plain(n)) for n in range(count))


def test_each_nth_is_taken_and_the_others_are_counted() -> None:
    thinning = Thinning(frames(8), 3)
    assert [frame.number for frame in thinning] == [0, 3, 6]
    assert (thinning.read, thinning.skipped) == (8, 5)


@pytest.mark.parametrize(
    ("spent_s", "then"),
    [(0.02, [1, 1, 1]), (0.09, [1, 1, 1]), (0.25, [1, 3, 3]), (9.0, [1, 3, 3])],
)
def test_where_looking_takes_longer_than_footage_fewer_are_taken(
    spent_s: float, then: list[int]
) -> None:
    """Fifteen frames a second, of which five are taken at least."""
    now = 0.0
    many = (Frame(n, n / 15, plain(n)) for n in range(15 * 20))
    thinning = Thinning(many, 1, most_every(15), lambda: now)
    numbers = []
    for frame in thinning:
        numbers.append(frame.number)
        now += spent_s * 2 / 3
    apart = [b - a for a, b in itertools.pairwise(numbers)]
    assert [apart[0], apart[len(apart) // 2], apart[-1]] == then
    assert thinning.most_used == max(then)


def test_once_it_keeps_up_again_more_are_taken() -> None:
    now = 0.0
    thinning = Thinning((Frame(n, n / 15, plain(n)) for n in range(15 * 40)), 1, 3, lambda: now)
    numbers = []
    for frame in thinning:
        numbers.append(frame.number)
        now += 0.15 if frame.seconds < 10 else 0.01
    assert {b - a for a, b in itertools.pairwise(numbers)} == {1, 2, 3}
    assert numbers[-1] - numbers[-2] == 1


def test_of_frames_that_come_too_fast_the_newest_is_taken() -> None:
    newest = Newest(frames(1000))
    taken = [frame.number for frame in newest]
    assert taken[-1] == 999
    assert taken == sorted(taken)
    assert len(taken) + newest.dropped == 1000


def test_what_breaks_a_stream_off_is_told() -> None:
    def breaking() -> Iterator[Frame]:
        yield from frames(3)
        raise CratewatchError("camera: nothing came for 10 s")

    with pytest.raises(CratewatchError, match="nothing came"):
        list(Newest(breaking()))


def test_the_live_page_shows_pictures() -> None:
    page = LivePage()
    try:
        with urllib.request.urlopen(page.url) as answer:
            assert b'src="/video"' in answer.read()
        with urllib.request.urlopen(f"{page.url}video") as answer:
            page.write(Seen(Frame(0, 0, plain(0)), [], [], plain(0)))
            assert b"image/jpeg" in answer.readline() + answer.readline()
    finally:
        page.close()
