"""The finder that ships, on pictures drawn by other means than those it learnt from."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from cratewatch.embedding.inference import Inference
from cratewatch.errors import CratewatchError
from cratewatch.finding.config import FinderConfig
from cratewatch.finding.decoding import Proposal
from cratewatch.finding.finder import Finder
from cratewatch.finding.loading import SHIPPED, load_finder
from cratewatch.finding.looking import MULTIPLE, Halvings
from cratewatch.finding.networks import Networks, Plane
from cratewatch.finding.quads import UNIT, iou, is_sound
from tests.cratewatch.finding.scenes import Rgb, held, paste, room
from tests.pictures import draw_noise


def shares(finder: Finder, picture: Rgb, quads: list[np.ndarray]) -> list[float]:
    """Return for each true quad the best intersection over union with a found one."""
    found = finder.find([picture])[0]
    return [max((iou(one.quad, quad) for one in found), default=0.0) for quad in quads]


@pytest.mark.parametrize("side", [48, 90, 180, 330])
def test_a_sleeve_is_found_corner_by_corner_at_any_size(finder: Finder, side: int) -> None:
    quad = held((330, 230), side, turn_deg=6)
    picture = paste(room(640, 480), [draw_noise(3)], [quad])
    assert shares(finder, picture, [quad])[0] > 0.8


@pytest.mark.parametrize("turn_deg", [0, 20, 45, 90, 180, 270])
def test_a_sleeve_is_found_whichever_way_it_is_turned(finder: Finder, turn_deg: int) -> None:
    quad = held((300, 240), 120, turn_deg)
    picture = paste(room(640, 480, 1), [draw_noise(4)], [quad])
    assert shares(finder, picture, [quad])[0] > 0.75


def test_several_sleeves_are_found_once_each_the_largest_first(finder: Finder) -> None:
    quads = [held((150, 150), 100), held((330, 160), 150, 10), held((520, 330), 80, -8)]
    covers = [draw_noise(seed) for seed in (5, 6, 7)]
    picture = paste(room(640, 480, 2), covers, quads)
    found = finder.find([picture])[0]
    assert len(found) == 3
    assert all(share > 0.7 for share in shares(finder, picture, quads))
    assert iou(found[0].quad, quads[1]) > 0.7


def test_a_wall_in_a_large_photograph(finder: Finder) -> None:
    quads = [held((500 + 700 * x, 500 + 750 * y), 560) for y in range(3) for x in range(5)]
    covers = [draw_noise(seed) for seed in range(15)]
    small = paste(room(950, 625, 1), covers, [quad / 4 for quad in quads])
    picture = np.asarray(cv2.resize(small, (3800, 2500)), np.uint8)
    assert np.mean([share > 0.7 for share in shares(finder, picture, quads)]) > 0.8


def test_frames_are_searched_together_as_they_are_alone(finder: Finder) -> None:
    frames = [
        paste(room(320, 240, seed), [draw_noise(seed)], [held((160, 120), 90, 5 * seed)])
        for seed in range(3)
    ]
    together = finder.find(frames)
    for frame, found in zip(frames, together, strict=True):
        alone = finder.find([frame])[0]
        assert len(alone) == len(found)
        for one, other in zip(alone, found, strict=True):
            assert one.quad == pytest.approx(other.quad, abs=0.5)


@pytest.mark.parametrize(
    "shape", [(1, 600), (600, 1), (7, 7), (16, 16), (40, 800), (200, 4000), (300, 300)]
)
@pytest.mark.parametrize("content", ["flat", "noise"])
def test_pictures_of_any_shape_are_borne(
    finder: Finder, shape: tuple[int, int], content: str
) -> None:
    picture = np.full((*shape, 3), 128, np.uint8)
    if content == "noise":
        picture = np.random.default_rng(0).integers(0, 255, (*shape, 3), np.uint8)
    found = finder.find([picture])[0]
    assert all(is_sound(one.quad) and 0 <= one.score <= 1 for one in found)
    if content == "flat":
        assert not found


class _Counted:
    """Networks that count the patches that they look at."""

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self.patches = 0

    def propose(self, pictures: Rgb) -> tuple[Plane, Plane]:
        return self._networks.propose(pictures)

    def refine(self, patches: Rgb, shapes: Plane) -> tuple[Plane, Plane]:
        self.patches += len(patches)
        return self._networks.refine(patches, shapes)


def test_what_cannot_be_accepted_is_not_looked_at_again(finder: Finder) -> None:
    quad = held((300, 240), 120, 20)
    picture = Halvings.of(paste(room(640, 480, 1), [draw_noise(4)], [quad]))
    config = FinderConfig(propose=0.02)
    everything, some = _Counted(finder.networks), _Counted(finder.networks)
    found = Finder(everything, config).find_in([picture], 0.0)[0]
    accepted = Finder(some, config).find_in([picture])[0]
    assert some.patches < everything.patches
    assert [one.score for one in accepted] == pytest.approx(
        [one.score for one in found if one.score >= config.accept], abs=0.01
    )
    assert accepted


def test_rooms_without_sleeves_show_none(finder: Finder) -> None:
    found = [one for seed in range(20) for one in finder.find([room(480, 360, seed)])[0]]
    assert len(found) <= 2


def test_a_sleeve_cut_by_the_edge_is_borne(finder: Finder) -> None:
    picture = paste(room(640, 480, 3), [draw_noise(8)], [held((620, 240), 140)])
    assert all(np.isfinite(one.quad).all() for one in finder.find([picture])[0])


def test_levels_halve_down_to_a_glance() -> None:
    levels = Halvings.of(room(640, 480)).levels(FinderConfig())
    sides = [level.pixels.shape[:2] for level in levels]
    assert sides == [(384, 512), (192, 256), (96, 128)]
    panorama = Halvings.of(room(4000, 200)).levels(FinderConfig())[0].pixels
    assert panorama.shape[0] >= 150
    assert all(side % MULTIPLE == 0 for side in panorama.shape[:2])


@pytest.mark.parametrize(("side_px", "found"), [(30, 2), (70, 1)])
def test_a_sleeve_before_a_window_is_found_and_a_picture_on_a_sleeve_is_not(
    finder: Finder, side_px: int, found: int
) -> None:
    """A quad of 100 px that surely is a sleeve, with a smaller one within."""
    proposals = [Proposal(UNIT * 100, (0.9,)), Proposal(UNIT * side_px + 10, (0.8,))]
    assert len(finder._settle(proposals, 0.5)) == found


def test_no_nothing_gives_nothing(finder: Finder) -> None:
    assert finder.find([]) == []


def test_pytorch_finds_what_openvino_finds(finder: Finder) -> None:
    picture = paste(room(640, 480), [draw_noise(3)], [held((330, 230), 90, 6)])
    by_torch = load_finder(Inference(runtime="torch", device="cpu")).find([picture])[0]
    by_openvino = finder.find([picture])[0]
    assert len(by_torch) == len(by_openvino) > 0
    assert iou(by_torch[0].quad, by_openvino[0].quad) > 0.95


def test_what_ships_is_small() -> None:
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) <= 8_000_000


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CratewatchError, match="install cratewatch anew"):
        load_finder(folder=tmp_path)
