"""Searches by words on the command line: one video, the index, and what cannot be asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cratewatch.footage.sources import open_source
from cratewatch.lake.opening import open_lake
from cratewatch.settings import load_settings
from cratewatch.words.kept import kept_folders
from tests.command_line import Answer
from tests.cratewatch.words.tiny_models import save_blip
from tests.cratewatch.words.told_persons import FIGURES, detector, footage, picture
from tests.videos import write_sound

pytestmark = pytest.mark.heavy

Run = Callable[..., Answer]
YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
VIDEO = f"door_{YESTERDAY}T10-00-00.mp4"
ORANGE = "somebody in an orange hoodie"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("words")
    footage(folder / VIDEO)
    detector(folder / "told.onnx")
    detector(folder / "nobody.onnx", ())
    save_blip(folder / "blip")
    return folder


@pytest.fixture
def search(run: Run, folder: Path) -> Callable[..., Answer]:
    """Search the video; the detector is told who is there."""

    def search(*options: str, prompt: str = ORANGE, weights: str = "told.onnx") -> Answer:
        video = str(folder / VIDEO)
        given = ["--file_path", video, "--prompt", prompt, "--yolo_weights", str(folder / weights)]
        return run("search-footage", *given, "--sampling_rate", "5", *options)

    return search


def test_one_video(search: Callable[..., Answer], tmp_path: Path) -> None:
    out = tmp_path / "out"
    answer = search("--result_dir", str(out), "--json")
    assert answer.returncode == 0, answer.stderr
    assert "orange · hoodie as long sleeves: by colour and attributes" in answer.stderr
    told = json.loads(answer.stdout)
    assert (told["people"], told["by"], told["nothing"]) == (2, "colour and attributes", "")
    (result,) = json.loads((out / "results.json").read_text())
    assert result.keys() >= {
        *("rank", "score", "t", "frame", "track_id", "box", "caption", "by"),
    }
    assert result["rank"] == 1
    np.testing.assert_allclose(result["box"], FIGURES[0][0], atol=3)
    assert result["t"] == pytest.approx(result["frame"] / 10)
    page = (out / "results.html").read_text()
    assert f'data-t="{result["t"]}"' in page
    assert "http" not in page.replace("http-equiv", "")
    assert (out / result["crop"]).is_file()
    assert (out / "moments.mp4").is_file()


def test_persons_are_unknown_unless_they_are_not_to_be(
    search: Callable[..., Answer], tmp_path: Path
) -> None:
    def edges(where: Path) -> float:
        pixels = np.asarray(Image.open(where).convert("L"), np.float32)
        return float(np.abs(np.diff(pixels, axis=0)).mean())

    search("--result_dir", str(tmp_path / "a"))
    search("--result-dir", str(tmp_path / "b"), "--no-blur")
    for name in ("crops/0001.jpg", "frames/0001.jpg"):
        assert edges(tmp_path / "a" / name) < 0.75 * edges(tmp_path / "b" / name), name
    green = FIGURES[1][0]
    for where, least in (("a", 30), ("b", 0)):
        frame = np.asarray(Image.open(tmp_path / where / "frames/0001.jpg"), np.float32)
        part = tuple(slice(int(green[n]) + 5, int(green[n + 2]) - 5) for n in (1, 0))
        off = np.abs(frame[part] - picture()[part].astype(np.float32)).max(axis=(0, 1)).mean()
        assert off >= least, "others in the frame are unknown as well"
    with_video = open_source(str(tmp_path / "a" / "moments.mp4"))
    assert next(iter(with_video.frames())).pixels.shape == picture().shape


def test_a_video_without_persons(search: Callable[..., Answer], tmp_path: Path) -> None:
    answer = search("--result_dir", str(tmp_path), "--json", weights="nobody.onnx")
    assert answer.returncode == 0
    assert json.loads(answer.stdout)["nothing"] == "nobody is there to be searched for"
    assert json.loads((tmp_path / "results.json").read_text()) == []
    assert "nobody is there" in (tmp_path / "results.html").read_text()


def test_sex_is_said_to_be_unanswered(search: Callable[..., Answer]) -> None:
    answer = search(prompt="a woman in orange")
    assert answer.stderr.startswith("orange: by colour and attributes; not answered: woman\n")


def test_nothing_fits(search: Callable[..., Answer]) -> None:
    answer = search(prompt="pink skirt")
    assert answer.returncode == 0
    assert "nothing fits; the nearest has 0.0" in answer.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--sim_thres", "1.5"), "sim_thres"),
        (("--num_top_k", "0"), "num_top_k"),
        (("--num_top_k", "10001"), "num_top_k"),
        (("--camera", "door"), "narrow what is indexed"),
        (("--blip_weights", "nowhere"), "no such folder"),
        (("--yolo_weights", "nowhere.onnx"), "nowhere.onnx"),
    ],
)
def test_options_that_cannot_be(search: Callable[..., Answer], options: Any, said: str) -> None:
    answer = search(*options)
    assert answer.returncode in (1, 2)
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("prompt", ["", "  ", "👜", "running fast"])
def test_prompts_that_nothing_answers(search: Callable[..., Answer], prompt: str) -> None:
    answer = search(prompt=prompt)
    assert answer.returncode == 1
    assert "--prompt: " in answer.stderr


@pytest.mark.parametrize(
    "prompt",
    [
        "주황색 후드티",
        "orange " * 2000,
        "orange 👜",
        '<img src=x onerror="alert(1)"> orange',
        'orange") or expires_s > 0 or ("',
        "{{ orange }}",
    ],
)
def test_prompts_are_data(search: Callable[..., Answer], prompt: str, tmp_path: Path) -> None:
    answer = search("--result_dir", str(tmp_path), "--num_top_k", "10000", prompt=prompt)
    assert answer.returncode == 0, answer.stderr
    assert len(json.loads((tmp_path / "results.json").read_text())) == 1
    assert "<img src=x" not in (tmp_path / "results.html").read_text()


def test_by_a_blip_model(search: Callable[..., Answer], folder: Path) -> None:
    answer = search("--blip_weights", str(folder / "blip"), "--sim_thres", "-1", "--json")
    told = json.loads(answer.stdout)
    assert told["by"].startswith("blip_")
    assert len(told["results"]) == 2
    assert told["results"][0]["score"] >= told["results"][1]["score"]


def test_no_video(run: Run, tmp_path: Path) -> None:
    sound = tmp_path / "sound.mp4"
    write_sound(sound)
    for where, said in ((sound, "only sound"), (tmp_path / "none.mp4", "no such file")):
        answer = run("search-footage", "--file_path", str(where), "--prompt", ORANGE)
        assert answer.returncode == 1
        assert said in answer.stderr


def keep_run(folder: Path, *, hides: bool) -> None:
    """Leave what a run of footage leaves, persons made unknown or not."""
    folder.mkdir(parents=True, exist_ok=True)
    told = {
        "input": {"sha256": folder.name, "rate_fps": 15.0},
        "settings": {"hides": hides},
        "report": {"complete": True, "seconds": 2.0, "every": 1},
    }
    (folder / "run.json").write_text(json.dumps(told))
    (folder / "annotated.mp4").write_bytes(b"a video")


def test_the_index(run: Run, folder: Path, empty_home: Path, tmp_path: Path) -> None:
    home = ["--home", str(empty_home)]
    none = run("search-footage", "--prompt", ORANGE, *home)
    assert none.returncode == 1
    assert "no persons are indexed yet" in none.stderr

    video = str(folder / VIDEO)
    weights = ["--yolo-weights", str(folder / "told.onnx")]
    indexed = run("index-footage", video, *weights, "--sampling-rate", "5", *home, "--json")
    assert indexed.returncode == 0, indexed.stderr
    told = json.loads(indexed.stdout)
    assert (told["indexed"], told["gathered"][0]["is_known"]) == (1, False)
    again = json.loads(run("index-footage", video, *weights, *home, "--json").stdout)
    assert (again["indexed"], again["gathered"][0]["is_known"]) == (0, True)

    out = ["--result_dir", str(tmp_path / "out"), "--json"]
    answer = run("search-footage", "--prompt", ORANGE, "--camera", "door", *home, *out)
    (result,) = json.loads(answer.stdout)["results"]
    assert result["at"].startswith(f"{YESTERDAY}T10:00:0")
    (written,) = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (tmp_path / "out" / written["picture"]).is_file()

    page = tmp_path / "out" / "results.html"
    kept = empty_home / "footage" / result["footage"]
    for hides in (False, True):
        keep_run(kept, hides=hides)
        run("search-footage", "--prompt", ORANGE, "--camera", "door", *home, *out)
        assert (kept.as_uri() in page.read_text()) is hides

    span = [
        "--from",
        str(YESTERDAY - timedelta(days=1)),
        "--to",
        str(YESTERDAY - timedelta(days=1)),
    ]
    nobody = json.loads(run("search-footage", "--prompt", ORANGE, *span, *home, "--json").stdout)
    assert nobody["nothing"] == "nobody is there to be searched for"
    wrong = run("search-footage", "--prompt", ORANGE, "--from", "soon", *home)
    assert "neither a day such as 2026-11-30 nor a moment" in wrong.stderr

    audit = run("audit", *home, "--json").stdout.splitlines()
    rows = [json.loads(line) for line in audit]
    assert [(row["what"], row["target"], row["rows"]) for row in rows] == [
        *[("words", "index", 1)] * 3,
        ("words", "index", 0),
    ]
    assert rows[0]["detail"] == f"{ORANGE} | door"


def test_the_analysis_keeps_persons_where_it_is_told_to(
    run: Callable[..., Answer], empty_home: Path, tmp_path: Path
) -> None:
    video = str(footage(tmp_path / "door.mp4", frames=20))
    weights = str(detector(tmp_path / "told.onnx"))
    call = ["footage", "--input", video, "--detector", weights, "--home", str(empty_home)]
    call += ["--started-at", f"{YESTERDAY}T10:00:00+00:00", "--no-record"]
    lake = open_lake(load_settings(home=empty_home).lake)
    assert run(*call, "--output_dir", str(tmp_path / "a")).returncode == 0
    assert kept_folders(lake) == []
    answer = run(*call, "--output_dir", str(tmp_path / "b"), "--persons", "--camera", "door")
    assert answer.returncode == 0, answer.stderr
    assert len(kept_folders(lake)) == 1
    indexed = run("index-footage", "--home", str(empty_home), "--json")
    assert '"indexed": 1' in indexed.stdout, indexed.stderr
