"""Whole pictures on the command line: sleeves are found, turned and named."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cratewatch.embedding.saved_models import shipped_models
from cratewatch.finding.cutting import cut_upright
from cratewatch.finding.finder import FoundSleeve
from cratewatch.finding.looking import Halvings
from cratewatch.finding.quads import iou
from cratewatch.retrieval.identification import Identifier, open_identifier
from cratewatch.settings import load_settings
from tests.command_line import Answer, run_here
from tests.cratewatch.finding.scenes import held, paste, room
from tests.embedding_here import index_here
from tests.pictures import draw_noise

pytestmark = pytest.mark.heavy

COVERS = 8
STRANGER = 99
"""A picture that is no cover of the shop."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that serves a few covers with the model that ships."""
    folder = tmp_path_factory.mktemp("sleeves")
    covers = folder / "covers"
    covers.mkdir()
    for number in range(COVERS):
        draw_noise(number, 256).save(covers / f"cover-{number}.png")
    home = folder / "home"
    with pytest.MonkeyPatch.context() as patch:
        answer = run_here(patch, "import", str(covers), "--home", str(home))
        assert answer.returncode == 0, answer.stderr
    index_here(load_settings(home=home), shipped_models()[-1])
    return home


@pytest.fixture
def identifier(shop: Path) -> Iterator[Identifier]:
    with open_identifier(load_settings(home=shop)) as opened:
        yield opened


@pytest.fixture
def ask(run: Callable[..., Answer], shop: Path, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Return a function: pixels and options to the line that `identify --json` prints."""

    def asked(pixels: np.ndarray, *options: str) -> dict[str, Any]:
        file = tmp_path / "picture.png"
        Image.fromarray(pixels).save(file)
        answer = run("identify", str(file), "--json", *options, "--home", str(shop))
        assert answer.returncode == 0, answer.stderr
        line: dict[str, Any] = json.loads(answer.stdout)
        return line

    return asked


def named(sleeve: dict[str, Any]) -> str:
    return Path(sleeve["matches"][0]["path_or_url"]).stem


@pytest.mark.parametrize("turn_deg", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_sleeve_is_named_whichever_way_it_is_held(
    identifier: Identifier, turn_deg: int, mirrored: bool
) -> None:
    cover = draw_noise(3, 256)
    shown = cover.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else cover
    quad = held((280, 230), 150, turn_deg)
    halved = Halvings.of(paste(room(640, 480), [shown], [quad]))
    seen = np.roll(quad, -(turn_deg // 90) % 4, axis=0)  # as a finder would say it
    sleeve = identifier.namer.name([cut_upright(halved, FoundSleeve(seen, 1.0))], 3)[0]
    assert Path(sleeve.matches[0].path_or_url).stem == "cover-3"
    assert sleeve.mirrored is mirrored
    own = quad[[1, 2, 3, 0]] if mirrored else quad  # from the cover's own top left
    assert np.array(sleeve.quad) == pytest.approx(own)


def test_a_stranger_is_a_sleeve_that_is_not_known(identifier: Identifier) -> None:
    quad = held((280, 230), 150)
    halved = Halvings.of(paste(room(640, 480), [draw_noise(STRANGER, 256)], [quad]))
    sleeve = identifier.namer.name([cut_upright(halved, FoundSleeve(quad, 1.0))], 3)[0]
    assert not sleeve.known


@pytest.mark.parametrize(("shown", "named_as"), [(3, ["cover-3"]), (STRANGER, [])])
def test_what_is_doubtful_is_a_sleeve_if_the_gallery_knows_it(
    identifier: Identifier, shown: int, named_as: list[str]
) -> None:
    assert identifier.calibration is not None
    lenient = replace(identifier, calibration=replace(identifier.calibration, threshold=0.3))
    finder = identifier.finder
    lenient.__dict__["finder"] = replace(finder, config=replace(finder.config, accept=1.1))
    file = io.BytesIO()
    picture = paste(room(640, 480), [draw_noise(shown, 256)], [held((280, 230), 150)])
    Image.fromarray(picture).save(file, "PNG")
    answer = lenient.identify([("table.png", file.getvalue)], 3, "find")[0]
    found = [Path(sleeve.matches[0].path_or_url).stem for sleeve in answer.sleeves or ()]
    assert found == named_as


def test_a_crop_is_answered_as_before(ask: Callable[..., dict[str, Any]]) -> None:
    crop = paste(room(180, 180), [draw_noise(2, 256)], [held((90, 90), 150, 4)])
    auto, plain = ask(crop), ask(crop, "--sleeves", "crop")
    assert "sleeves" not in plain
    assert named(auto) == named(plain) == "cover-2"


def test_of_what_is_a_crop_at_a_glance_no_sleeves_are_looked_for(
    identifier: Identifier, shop: Path
) -> None:
    copy = (shop.parent / "covers" / "cover-5.png").read_bytes()
    (answer,) = identifier.identify([("copy.png", lambda: copy)], 3)
    assert answer.known
    assert answer.sleeves == ()
    assert "finder" not in identifier.__dict__, "it was loaded without need"


def test_find_looks_at_sleeves_only(ask: Callable[..., dict[str, Any]]) -> None:
    nothing = ask(room(320, 240), "--sleeves", "find")
    assert nothing["sleeves"] == nothing["matches"] == []
    assert nothing["known"] is False


def test_people_see_a_preview(run: Callable[..., Answer], shop: Path, tmp_path: Path) -> None:
    quads, covers = [held((280, 230), 150, 5)], [draw_noise(3, 256)]
    file, preview = tmp_path / "table.png", tmp_path / "seen.png"
    Image.fromarray(paste(room(640, 480), covers, quads)).save(file)
    options = ("--sleeves", "find", "--preview", str(preview), "--home", str(shop))
    answer = run("identify", str(file), *options)
    assert answer.returncode == 0, answer.stderr
    with Image.open(preview) as drawn:
        assert drawn.size == (640, 480)
    assert preview.read_bytes() != file.read_bytes()


@pytest.mark.parametrize(
    ("images", "preview", "said"),
    [
        (["a.png", "b.png"], "seen.png", "it draws one picture"),
        (["a.png"], "seen.jpg", "it is written as PNG"),
        (["a.png"], "nowhere/seen.png", "no such folder"),
    ],
)
def test_a_preview_that_cannot_be_is_refused_at_once(
    run: Callable[..., Answer], tmp_path: Path, images: list[str], preview: str, said: str
) -> None:
    answer = run("identify", *images, "--preview", str(tmp_path / preview))
    assert answer.returncode == 1
    assert said in answer.stderr


def test_sleeves_are_found_without_a_home(run: Callable[..., Answer], tmp_path: Path) -> None:
    quad = held((280, 230), 150, 5)
    file, crops = tmp_path / "table.png", tmp_path / "crops"
    Image.fromarray(paste(room(640, 480), [draw_noise(3, 256)], [quad])).save(file)
    missing = tmp_path / "missing.png"
    answer = run("find", str(file), str(missing), "--crops", str(crops), "--json")
    found, refused = (json.loads(line) for line in answer.stdout.splitlines())
    assert answer.returncode == 1
    assert refused["error"].startswith("missing: ")
    sleeve = found["sleeves"][0]
    assert iou(np.array(sleeve["quad"]), quad) > 0.75
    with Image.open(sleeve["crop"]) as crop:
        assert crop.size == (256, 256)
    shown = run("find", str(file))
    assert "table.png: 1 found" in shown.stdout
