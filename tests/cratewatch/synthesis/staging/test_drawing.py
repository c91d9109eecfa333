from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cratewatch.synthesis.pixels import Rgb, stream
from cratewatch.synthesis.staging.camera import sample_camera
from cratewatch.synthesis.staging.cast import Figure, cut_out
from cratewatch.synthesis.staging.drawing import Scenery, StagedFrame, draw_staged
from cratewatch.synthesis.staging.drawn_figures import draw_figure
from cratewatch.synthesis.staging.matting import Matting, empty_room
from cratewatch.synthesis.staging.script import Bin, Key, Passage, Role, Script, WallCover
from cratewatch.synthesis.whole_pictures.stock import HAND_PX, HandProp, Stock

WIDE, TALL = 320, 240
HEIGHT = 200
RED, BLUE = (np.full((128, 128, 3), colour, np.uint8) for colour in ((220, 20, 20), (20, 20, 220)))


def scenery() -> Scenery:
    person = np.zeros((HEIGHT, 60, 4), np.uint8)
    person[..., 1], person[..., 3] = 90, 255
    room = np.full((TALL, WIDE, 3), 128, np.uint8)
    flat = np.zeros((HAND_PX, HAND_PX), np.uint8)
    no_hand = HandProp(np.zeros((HAND_PX, HAND_PX, 3), np.uint8), flat, flat)
    camera = replace(sample_camera(stream(0, "camera"), 0.0), grey=False)
    return Scenery(Stock([RED, BLUE], [room], [no_hand]), [Figure((person,))], room, camera)


def script(*, bins: tuple[Bin, ...] = (), yaw: float = 0.0, x_px: float = 200.0) -> Script:
    keys = (Key(0.0, 0, 0.0, 0.3, yaw), Key(1.0, 0, 0.0, 0.3, yaw))
    role = Role(0, HEIGHT, 20, (0.0, 1.0), (x_px, x_px))
    wall = (WallCover(1, 60.0, 80.0, 40.0, (0.0, 0.0, 0.0)),)
    return Script(WIDE, TALL, 1.0, (role,), (Passage(0, keys),), wall, bins, seed=0)


def first(played: Script) -> StagedFrame:
    return next(draw_staged(played, scenery(), 5.0))


def test_a_frame_says_what_it_shows() -> None:
    frame = first(script())
    held, hung = frame.sleeves

    assert (held.cover, held.person, held.passage) == (0, 0, 0)
    assert (hung.cover, hung.person, hung.passage) == (1, None, None)
    assert held.visible > 0.8
    assert hung.visible == pytest.approx(1.0, abs=0.06)
    assert frame.boxes_xyxy == {0: (170.0, 20.0, 230.0, 220.0)}
    assert frame.image.shape == (TALL, WIDE, 3)


def test_the_quads_lie_where_the_covers_are() -> None:
    frame = first(script())
    for sleeve, channel in zip(frame.sleeves, (0, 2), strict=True):
        x, y = np.rint(sleeve.corners.mean(axis=0)).astype(int)
        pixel = frame.image[y, x].astype(int)
        assert pixel.argmax() == channel
        assert pixel[channel] > 1.5 * pixel[1]


def test_what_a_bin_hides_is_not_seen() -> None:
    assert first(script(bins=(Bin((100, 20, 300, 200)),))).sleeves[0].visible == 0


def test_whoever_stands_before_the_wall_hides_what_hangs_there() -> None:
    assert first(script(x_px=60.0)).sleeves[1].visible == 0


def test_a_sleeve_that_is_turned_shows_its_back_and_edge_on_little() -> None:
    assert first(script(yaw=180.0)).sleeves[0].cover is None
    assert first(script(yaw=80.0)).sleeves[0].visible < 0.4


def test_footage_is_the_same_again() -> None:
    one, other = (list(draw_staged(script(), scenery(), 5.0)) for _ in range(2))
    assert len(one) == 5
    assert all(np.array_equal(a.image, b.image) for a, b in zip(one, other, strict=True))


def test_figures_are_drawn_from_head_to_feet() -> None:
    figure = draw_figure(stream(3, "figure"))
    alpha = figure.scaled(400).pictures[0][..., 3]
    rows = np.flatnonzero((alpha > 128).any(axis=1))
    assert rows[0] < 12
    assert rows[-1] > 380


def test_a_figure_runs_forth_and_back() -> None:
    pictures = tuple(np.full((2, 2, 4), n, np.uint8) for n in range(3))
    figure = Figure(pictures, fps=1.0)
    assert [int(figure.at(at)[0, 0, 0]) for at in range(6)] == [0, 1, 2, 1, 0, 1]


def test_who_stands_in_a_room_is_cut_out() -> None:
    rng = np.random.default_rng(0)
    room = rng.integers(100, 140, (120, 160, 3)).astype(np.uint8)
    matting = Matting(empty_room([room]), 10.0)
    for _ in range(10):
        matting.add(_with_person(room))
    matting.add(room)
    (figure,) = matting.figures()

    assert len(figure.pictures) == 10
    assert figure.pictures[0].shape[:2] == pytest.approx((90, 30), abs=6)
    solid = figure.pictures[0][..., 3] > 200
    assert figure.pictures[0][..., 0][solid].mean() > 220


def test_nobody_is_cut_out_of_nothing() -> None:
    assert cut_out([np.zeros((4, 4, 4), np.uint8)]) is None


def _with_person(room: Rgb) -> Rgb:
    picture = room.copy()
    picture[20:110, 60:90] = (240, 30, 30)
    return picture
