from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.footage.props import backdrop_of, covers_of_folder, figures_of
from cratewatch.footage.sources import open_source
from cratewatch.footage.staged import HANDLINGS, VIDEO, Staging, read_truth, stage


@pytest.fixture
def covers(tmp_path: Path) -> Path:
    folder = tmp_path / "covers"
    folder.mkdir()
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 256, (64, 64, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


def test_staged_footage_comes_with_its_truth(tmp_path: Path, covers: Path) -> None:
    staging = Staging(seconds=12.0, fps=4.0, size_px=(320, 240), seed=3)
    props = covers_of_folder(covers, 3)
    told: list[tuple[int, int]] = []
    truth = stage(tmp_path, props, staging, None, None, lambda *done: told.append(done))

    frames = list(open_source(str(tmp_path / VIDEO)).frames())
    assert len(frames) == len(truth.frames) == 48
    assert told[-1] == (48, 48)
    assert truth.handlings
    assert {one.cover_id for one in truth.handlings} <= {cover_id for cover_id, _ in props}
    read = read_truth(tmp_path)
    assert read.handlings == truth.handlings
    assert read.frames[20].persons.keys() == truth.frames[20].persons.keys()
    with (tmp_path / HANDLINGS).open(newline="") as file:
        assert len(list(csv.DictReader(file))) == len(truth.handlings)


def test_a_handling_lasts_while_its_sleeve_is_seen(tmp_path: Path, covers: Path) -> None:
    staging = Staging(seconds=12.0, fps=4.0, size_px=(320, 240), seed=3)
    truth = stage(
        tmp_path, covers_of_folder(covers, 3), staging, None, None, lambda _done, _total: None
    )
    for one in truth.handlings:
        shown = [
            frame.seconds
            for frame in truth.frames
            for sleeve in frame.sleeves
            if sleeve.person == one.person
            and sleeve.visible >= 0.25
            and one.started_s <= frame.seconds <= one.ended_s
        ]
        assert shown[0] == one.started_s
        assert shown[-1] == one.ended_s


def test_props_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"--covers: .* holds no picture"):
        covers_of_folder(tmp_path, 0)
    with pytest.raises(NotFoundError, match=r"--scenes: .* holds no picture"):
        backdrop_of(tmp_path, (64, 48), 0)
    with pytest.raises(CratewatchError, match="--people: nobody can be cut out"):
        figures_of(tmp_path, 0)


def test_a_room_fills_the_frame(tmp_path: Path) -> None:
    Image.new("RGB", (50, 200), (10, 200, 30)).save(tmp_path / "room.png")
    assert backdrop_of(tmp_path, (64, 48), 0).shape == (48, 64, 3)
    assert backdrop_of(None, (64, 48), 0).shape == (48, 64, 3)
