"""The protocol of whole pictures on a small collection: what is drawn, and its tables."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from benchmarks import finding
from benchmarks.finding_baselines import Contours, Whole
from benchmarks.finding_names import upright
from benchmarks.finding_speed import frame_ms
from benchmarks.whole_pictures.canvas import Canvas, Shadow, fitted
from benchmarks.whole_pictures.drawn_set import OBLONG, TRUTH, Wanted, contact_sheet, read_or_draw
from benchmarks.whole_pictures.picture import draw
from benchmarks.whole_pictures.poses import Camera, Plane, tilted
from benchmarks.whole_pictures.stock import Cover, Hand, Stock, is_held_out
from cratewatch.errors import CratewatchError
from cratewatch.evaluation.finding.quads import area, corner_error, iou, is_convex
from tests.pictures import draw_noise
from tests.told_sleeves import Found, square

pytestmark = pytest.mark.heavy

NO_SHADOW = Shadow(0, 0, 0.01, 0)


class SmallStock(Stock):
    """Three scenes, forty covers and a hand, all of noise."""

    def __init__(self) -> None:
        self.sharp = [Path(str(number)) for number in range(3)]
        self.soft = self.sharp
        self.covers = [Cover(f"{number}.jpg", str(number)) for number in range(16)]
        hand = np.zeros((60, 90, 4), np.uint8)
        hand[10:50, 10:] = (200, 150, 120, 255)
        self.hands = [Hand(hand, 0.0), Hand(hand, None)]
        self.square = self.aisle = [np.asarray(draw_noise(5, 300))]

    def scene(self, file: Path) -> Any:
        return np.asarray(draw_noise(int(file.name), 300))

    def cover(self, cover: Cover) -> Any:
        return np.asarray(draw_noise(100 + int(cover.artwork), 128))


def test_the_same_seed_draws_the_same_picture() -> None:
    stock = SmallStock()
    one, again = (draw(stock, 3, 5, with_sleeves=True) for _ in range(2))
    assert one.jpeg == again.jpeg
    assert one.jpeg != draw(stock, 4, 5, with_sleeves=True).jpeg
    assert [a.artwork for a in one.truth.sleeves] == [b.artwork for b in again.truth.sleeves]


WANTED = Wanted(seed=0, pictures=9, without=2)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a set."""
    folder = tmp_path_factory.mktemp("set")
    read_or_draw(folder, WANTED, SmallStock)
    return folder


def test_sleeves_are_of_the_sizes_that_are_told_and_mostly_in_the_picture(drawn: Path) -> None:
    pictures = read_or_draw(drawn, WANTED, SmallStock)
    sleeves = [sleeve for one in pictures for sleeve in one.truth.sleeves]
    assert len(sleeves) > 9
    for one in sleeves:
        assert is_convex(one.quad)
        assert area(one.quad) > 0, "clockwise"
        assert 40 <= one.side_px < 600
        assert 0 <= one.hidden <= 0.6
    assert len({one.setting for one in pictures if one.setting}) > 1


def test_pictures_without_sleeves_have_none() -> None:
    for number in range(3):
        one = draw(SmallStock(), 0, number, with_sleeves=False)
        assert not [*one.truth.sleeves, *one.truth.ignored]
        assert not one.cover_files
        assert one.setting is None


def test_what_is_laid_covers_its_quad_to_a_part_of_a_pixel() -> None:
    """The centroid and area of the laid colour are those of the quad."""
    canvas = Canvas(np.zeros((100, 100, 3), np.uint8), 200, 200)
    quad = np.array([(30.25, 41.5), (150.75, 33.0), (160.5, 149.25), (42.0, 170.0)])
    canvas.lay(quad, np.ones((64, 64, 3), np.float32), NO_SHADOW)
    seen = canvas.picture()[..., 0]
    assert seen.sum() == pytest.approx(area(quad), rel=0.001)
    moments = cv2.moments(seen)
    middle = np.array([moments["m10"], moments["m01"]]) / moments["m00"] + 0.5
    fine = np.zeros((2000, 2000), np.uint8)
    cv2.fillConvexPoly(fine, np.round(quad * 10 - 0.5).astype(np.int32), 1)
    exact = np.argwhere(fine)[:, ::-1].mean(axis=0) / 10 + 0.05
    assert np.abs(middle - exact).max() < 0.06


def test_the_picture_of_a_sleeve_lies_as_its_corners_say() -> None:
    """A square laid where it is, pixel by pixel, is the picture itself."""
    cover = np.asarray(draw_noise(1, 60))
    canvas = Canvas(np.zeros((10, 10, 3), np.uint8), 100, 100)
    shown = cv2.resize(fitted(cover, square(20, 30, 60)), (120, 120), None, 0, 0, cv2.INTER_NEAREST)
    canvas.lay(square(20, 30, 60), np.asarray(shown), NO_SHADOW)
    part = canvas.picture()[30:90, 20:80] * 255
    assert np.abs(part - cover).max() < 2


def test_hidden_is_what_is_covered_or_beyond_the_picture() -> None:
    canvas = Canvas(np.zeros((10, 10, 3), np.uint8), 200, 100)
    grey = np.full((32, 32, 3), 0.5, np.float32)
    below = canvas.lay(square(10, 10, 80), grey, NO_SHADOW)
    above = canvas.lay(square(50, 10, 80), grey, NO_SHADOW)
    beyond = canvas.lay(square(160, 10, 80), grey, NO_SHADOW)
    assert canvas.hidden(below) == pytest.approx(0.5, abs=0.01)
    assert canvas.hidden(above) == pytest.approx(0, abs=0.005)
    assert canvas.hidden(beyond) == pytest.approx(0.5, abs=0.01)


def test_a_sleeve_that_faces_us_is_a_square_of_its_size_where_it_is() -> None:
    camera = Camera(640, 480, 500)
    facing = camera.seen(Plane(camera.at(200, 150, 90), tilted(0, 0)).corners())
    assert facing == pytest.approx(square(155, 105, 90))
    aside = camera.seen(Plane(camera.at(200, 150, 90), tilted(40, 0)).corners())
    heights = np.hypot(*(np.roll(aside, -1, axis=0) - aside).T)[[1, 3]]
    assert abs(heights[0] - heights[1]) > 5, "the nearer edge looks longer"
    turned = camera.seen(Plane(camera.at(200, 150, 90), tilted(0, 0)).corners(90))
    assert turned[0] == pytest.approx(facing[1]), "its top left is at the top right"


def test_a_fifth_of_the_scenes_is_held_out() -> None:
    files = [Path(f"{number}.jpg") for number in range(2000)]
    assert sum(map(is_held_out, files)) / 2000 == pytest.approx(0.2, abs=0.03)
    first = next(file for file in files if is_held_out(file))
    assert hashlib.sha256(first.name.encode()).digest()[0] % 5 == 0


def test_contours_find_a_plain_square() -> None:
    picture = np.full((300, 400, 3), 30, np.uint8)
    quad = np.array([(101, 61), (240, 70), (232, 212), (90, 200)], np.int32)
    cv2.fillConvexPoly(picture, quad, (220, 210, 200))
    found = Contours().find(picture)
    assert iou(found[0].quad, quad.astype(float)) > 0.93
    assert Contours().find(picture * 0) == []


def test_an_upright_crop_shows_the_cover_as_it_is() -> None:
    cover = np.asarray(draw_noise(3, 100))
    picture = np.zeros((200, 200, 3), np.uint8)
    picture[40:140, 30:130] = np.rot90(cover)
    corners = np.roll(square(30, 40, 100), 1, axis=0)
    flat = np.asarray(upright(picture, corners, 0.0))
    assert np.abs(flat.astype(int) - cover).mean() < 1, "turned to its own top left"
    assert upright(picture, corners, 0.1).size == (120, 120)


def test_a_set_is_drawn_once_and_read_as_it_was_drawn(drawn: Path) -> None:
    first = read_or_draw(drawn, WANTED, lambda: pytest.fail("it is there"))
    assert not first[-1].truth.sleeves
    assert not first[-1].setting
    redrawn = draw(SmallStock(), 0, 0, with_sleeves=True)
    assert first[0].file.read_bytes() == redrawn.jpeg
    for one, other in zip(first[0].truth.sleeves, redrawn.truth.sleeves, strict=True):
        assert corner_error(one.quad, other.quad) < 1e-3
        assert one.artwork == other.artwork
    with pytest.raises(CratewatchError, match="ask for these, or give another folder"):
        read_or_draw(drawn, Wanted(3, 9, 2), SmallStock)


def test_the_file_of_the_truth_names_all_that_does_not_count(drawn: Path) -> None:
    rows = json.loads((drawn / TRUTH).read_text())
    assert all(corners in row["ignored"] for row in rows for corners in row["unknown"])
    one = next(row["sleeves"][0] for row in rows if row["sleeves"])
    assert set(one) == {"quad", "cover", "artwork", "size_px", "hidden"}


def test_a_set_tells_where_oblong_things_lie(drawn: Path, tmp_path: Path) -> None:
    pictures = read_or_draw(drawn, WANTED, SmallStock)
    oblong = [quad for one in pictures for quad in one.truth.oblong]
    assert oblong
    for quad in oblong:
        edges = np.hypot(*(np.roll(quad, -1, axis=0) - quad).T)
        assert abs(np.log(edges[[0, 2]].sum() / edges[[1, 3]].sum())) > 0.2
    rows = json.loads((drawn / TRUTH).read_text())
    (tmp_path / TRUTH).write_text(
        json.dumps([{**row, OBLONG: 1} for row in rows]).replace(OBLONG, "oblong")
    )
    with pytest.raises(CratewatchError, match="draw it again in another folder"):
        read_or_draw(tmp_path, WANTED, SmallStock)


class Nothing:
    def find(self, image: Any) -> list[Found]:
        assert image.dtype == np.uint8
        return []


@pytest.fixture
def ask(drawn: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return a function: options to what the command prints."""
    given = ["--data", str(drawn), "--set", str(drawn), "--pictures", "9", "--without", "2"]

    def ask(*options: str) -> str:
        monkeypatch.setattr(sys, "argv", ["finding.py", *given, *options])
        monkeypatch.setitem(sys.modules, "a_finder", sys.modules[Nothing.__module__])
        finding.main()
        return capsys.readouterr().out

    return ask


def test_a_finder_stands_beside_the_other_ways(ask: Any) -> None:
    ways = ["--ways", "true", "whole", "--finder", "a_finder:Nothing"]
    found = json.loads(ask(*ways, "--json"))
    assert found["true"]["iou_0.75"]["recall"]["value"] == 1
    assert found["true"]["iou_0.5"]["precision"]["value"] == 1
    assert found["whole"]["iou_0.5"]["precision"]["successes"] == 0
    assert found["a_finder:Nothing"]["iou_0.5"]["recall"]["value"] == 0
    assert found["a_finder:Nothing"]["iou_0.5"]["precision"] is None
    table = ask(*ways)
    assert "| true | 100.0% " in table
    assert table.count("| whole |") == 3


def test_a_score_to_believe_is_the_finders(ask: Any) -> None:
    finder = ["--finder", "benchmarks.finding_baselines:Whole", "--score", "1.1", "--json"]
    (found,) = json.loads(ask(*finder)).values()
    assert found["iou_0.5"]["precision"] is None


def test_a_time_is_taken_of_frames() -> None:
    times = frame_ms(Whole, [np.asarray(draw_noise(1, 64))])
    assert set(times) == {"wall", "cpu"}
    assert min(times.values()) >= 0


def test_the_sheet_shows_pictures(drawn: Path) -> None:
    pictures = read_or_draw(drawn, WANTED, SmallStock)
    assert contact_sheet(pictures[:3], columns=2, side_px=80).size == (160, 120)
