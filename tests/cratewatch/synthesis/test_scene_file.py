import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.synthesis.request import to_request
from cratewatch.synthesis.scene import PhraseBox, SceneConfig, sample_scene
from cratewatch.synthesis.scene_file import read_scenes

BOX = {"phrase": "a gloved hand", "xyxy": [0.25, 0.5, 0.75, 1.0]}
SQUARE = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]]
COVER = np.full((40, 40, 3), 90, dtype=np.uint8)


def line(**keys: Any) -> str:
    return json.dumps({"seed": 3, "boxes": [BOX]} | keys)


def boxed(xyxy: object) -> str:
    return line(boxes=[BOX, BOX | {"xyxy": xyxy}])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "scenes.jsonl"


def test_what_is_given_is_kept_and_the_rest_is_sampled(file: Path) -> None:
    file.write_text("\n".join([line(), "", line(severity=0.5, corners=SQUARE, cover_id="ab" * 32)]))
    open_, full = read_scenes(file)
    assert (open_.seed, open_.severity, open_.corners, open_.cover_id) == (3, None, None, None)
    assert full.cover_id == "ab" * 32
    sampled, scene = sample_scene(3, SceneConfig()), open_.scene(3, SceneConfig())
    assert scene.boxes == (PhraseBox("a gloved hand", (0.25, 0.5, 0.75, 1.0)),)
    assert (scene.hands, scene.stickers) == ((), ())
    assert (scene.corners, scene.background, scene.severity) == (
        sampled.corners,
        sampled.background,
        sampled.severity,
    )
    fixed = full.scene(3, SceneConfig())
    assert fixed.severity == 0.5
    assert [list(corner) for corner in fixed.corners] == SQUARE


def test_another_attempt_keeps_what_is_given(file: Path) -> None:
    file.write_text(line(severity=0.5, corners=SQUARE))
    (given,) = read_scenes(file)
    scene_of = partial(given.scene, config=SceneConfig())
    first, second = scene_of(3), scene_of(4)
    assert (first.boxes, first.corners) == (second.boxes, second.corners)
    assert first.background != second.background
    assert second.seed == 4


def test_a_given_box_is_painted_as_a_whole(file: Path) -> None:
    file.write_text(line())
    (given,) = read_scenes(file)
    request, base = to_request(COVER, given.scene(3, SceneConfig()), 64)
    assert request.masks[0].sum() == 32 * 32
    assert request.masks[0][32:64, 16:48].all()
    assert 0 < base.occluded_fraction < 1


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (boxed([0.1, 0.1, 0.5, 1.2]), r"boxes.1.xyxy.3: Input should be less than or equal to 1"),
        (boxed([-0.1, 0.1, 0.5, 1]), r"boxes.1.xyxy.0: Input should be greater than or equal to 0"),
        (boxed([0.5, 0.1, 0.4, 1]), r"boxes.1.xyxy: .* is empty or reversed"),
        (boxed([0.1, 0.5, 0.4, 0.5]), r"boxes.1.xyxy: .* is empty or reversed"),
        (boxed([0.1, 0.5, 0.4]), r"boxes.1.xyxy.3: Field required"),
        (boxed([0.1, 0.5, 0.4, float("nan")]), r"boxes.1.xyxy.3: Input should be a finite number"),
        (line(boxes=[{"phrase": " ", "xyxy": [0, 0, 1, 1]}]), "boxes.0.phrase: String should have"),
        (line(boxes=[BOX | {"mask": 1}]), "boxes.0.mask: unknown key; the keys are phrase, xyxy"),
        (line(severty=0.5), "severty: unknown key; the keys are seed, boxes, severity, corners,"),
        (line(severity=1.5), "severity: Input should be less than or equal to 1"),
        (line(seed=-1), "seed: Input should be greater than or equal to 0"),
        (line(seed=True), "seed: Input should be a valid integer"),
        (line(cover_id="a cover"), "cover_id: String should match"),
        (line(corners=SQUARE[::-1]), "corners: no sleeve has such corners"),
        (line(corners=[[0.2, 0.2]] * 4), "corners: no sleeve has such corners"),
        (line(corners=SQUARE[:3]), "corners.3: Field required"),
        ('{"boxes": []}', "seed: Field required"),
        ("[1]", "Input should be an object; give one JSON object a line"),
        ('{"seed": 3', "Invalid JSON: EOF while parsing an object at column 10; give one JSON"),
    ],
)
def test_a_line_that_is_no_scene_is_named(file: Path, bad: str, message: str) -> None:
    file.write_text(f"{line()}\n\n{bad}\n")
    with pytest.raises(CratewatchError, match=rf"scenes.jsonl, line 3\S*.*{message}") as caught:
        read_scenes(file)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_named(file: Path) -> None:
    file.write_bytes(line().encode() + b"\n\xff\xfe{")
    with pytest.raises(CratewatchError, match="line 2: Invalid JSON"):
        read_scenes(file)


def test_no_file_and_no_scenes(file: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such file"):
        read_scenes(file)
    file.write_text("\n \n")
    with pytest.raises(NotFoundError, match="no scenes"):
        read_scenes(file)
    with pytest.raises(CratewatchError, match="Is a directory"):
        read_scenes(tmp_path)
