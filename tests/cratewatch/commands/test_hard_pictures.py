"""Pictures that nobody has in mind, as `identify` is asked by default."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cratewatch.embedding.saved_models import shipped_models
from cratewatch.finding.quads import iou
from cratewatch.settings import load_settings
from tests.command_line import run_here
from tests.cratewatch.finding.scenes import Quad, Rgb, held, paste, room
from tests.cratewatch.retrieval.pictures import picture
from tests.embedding_here import index_here

pytestmark = pytest.mark.heavy

Line = dict[str, Any]
COVERS = 8
HUGE_PX = 10_000
PHONE = (60, 90, 200, 380)
TILTED = held((300, 230), 150, 8)
TWICE = [held((190, 240), 150, 4), held((440, 230), 130, -6)]
CUT = held((590, 240), 180)


def cover(number: int) -> Image.Image:
    return picture(number).convert("RGB").resize((256, 256))


def shown(covers: list[Image.Image], quads: list[Quad]) -> Rgb:
    return paste(room(640, 480), covers, quads)


def on_a_phone() -> Rgb:
    """Return a hand-held screen with a cover in the upper half of a white page."""
    scene = room(640, 480)
    left, top, right, bottom = PHONE
    scene[top - 12 : bottom + 12, left - 8 : right + 8] = 15
    scene[top:bottom, left:right] = 245
    scene[top + 40 : top + 160, left + 10 : left + 130] = np.asarray(cover(6).resize((120, 120)))
    return scene


PICTURES: dict[str, Callable[[], Rgb]] = {
    "flat": lambda: np.full((480, 640, 3), 90, np.uint8),
    "line": lambda: np.full((1, 600, 3), 90, np.uint8),
    "crop": lambda: paste(room(200, 200), [cover(1)], [held((100, 100), 170, 3)]),
    "panorama": lambda: paste(room(4000, 200), [cover(2)], [held((1700, 100), 120)]),
    "cut": lambda: shown([cover(3)], [CUT]),
    "mirrored": lambda: np.ascontiguousarray(shown([cover(4)], [TILTED])[:, ::-1]),
    "twice": lambda: shown([cover(5), cover(5)], TWICE),
    "phone": on_a_phone,
}


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Line]:
    """What `identify --json` says of each picture, in a shop of a few covers."""
    folder = tmp_path_factory.mktemp("hard")
    covers, home = folder / "covers", folder / "home"
    covers.mkdir()
    for number in range(COVERS):
        cover(number).save(covers / f"cover-{number}.png")
    files = {name: folder / f"{name}.png" for name in PICTURES}
    for name, file in files.items():
        Image.fromarray(PICTURES[name]()).save(file)
    files["huge"] = folder / "huge.jpg"
    Image.new("RGB", (HUGE_PX, HUGE_PX), (200, 180, 90)).save(files["huge"])
    with pytest.MonkeyPatch.context() as patch:
        assert run_here(patch, "import", str(covers), "--home", str(home)).returncode == 0
        index_here(load_settings(home=home), shipped_models()[-1])
        asked = [str(file) for file in files.values()]
        answer = run_here(patch, "identify", *asked, "--json", "--home", str(home))
    assert answer.returncode == 1  # one of them cannot be read
    told = [json.loads(line) for line in answer.stdout.splitlines()]
    return {Path(line["query"]).stem: line for line in told}


def names(line: Line) -> list[str]:
    """Return what the sleeves of a picture are known as."""
    known = [sleeve for sleeve in line["sleeves"] if sleeve["known"]]
    return [Path(sleeve["matches"][0]["path_or_url"]).stem for sleeve in known]


def covers_quad(sleeve: dict[str, Any], quad: Quad) -> bool:
    return iou(np.array(sleeve["quad"]), quad) > 0.7


@pytest.mark.parametrize("name", ["flat", "huge"])
def test_one_colour_shows_nothing(lines: dict[str, Line], name: str) -> None:
    assert lines[name]["sleeves"] == []
    assert lines[name]["known"] is False


def test_a_picture_of_one_row_is_refused(lines: dict[str, Line]) -> None:
    assert lines["line"]["error"].startswith("too_small: ")


def test_a_crop_is_recognised_at_a_glance(lines: dict[str, Line]) -> None:
    line = lines["crop"]
    assert line["known"]
    assert Path(line["matches"][0]["path_or_url"]).stem == "cover-1"
    assert line["sleeves"] == []


def test_a_sleeve_in_a_panorama_is_named(lines: dict[str, Line]) -> None:
    assert names(lines["panorama"]) == ["cover-2"]


def test_a_sleeve_that_the_edge_cuts_off_is_named(lines: dict[str, Line]) -> None:
    (sleeve,) = lines["cut"]["sleeves"]
    assert names(lines["cut"]) == ["cover-3"]
    assert np.array(sleeve["quad"])[:, 0].max() > 600


def test_a_selfie_names_the_sleeve_as_mirrored(lines: dict[str, Line]) -> None:
    (sleeve,) = lines["mirrored"]["sleeves"]
    assert names(lines["mirrored"]) == ["cover-4"]
    assert sleeve["mirrored"]
    own = TILTED * (-1, 1) + (640, 0)  # from its own top left, anticlockwise now
    assert np.array(sleeve["quad"]) == pytest.approx(own[[0, 3, 2, 1]], abs=12)


def test_two_copies_of_one_album_are_two_sleeves(lines: dict[str, Line]) -> None:
    line = lines["twice"]
    assert names(line) == ["cover-5", "cover-5"]
    assert all(any(covers_quad(one, quad) for one in line["sleeves"]) for quad in TWICE)


def test_a_cover_on_the_screen_of_a_phone_is_named(lines: dict[str, Line]) -> None:
    assert "cover-6" in names(lines["phone"])
