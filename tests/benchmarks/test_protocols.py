"""The table of protocols on a collection of sixty small covers, and the baselines by hand."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks import baselines, protocols
from benchmarks.orb import orb_way
from benchmarks.protocol_lines import Line, read_lines
from cratewatch.embedding.model_folder import save_model
from cratewatch.errors import CratewatchError
from cratewatch.images.covers import prepare_cover
from cratewatch.lake.folder import FolderLake
from tests.pictures import draw_noise
from tests.tiny import TINY, tiny_net


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """Sixty covers, the last of which is another image of the first one's sleeve."""
    folder = tmp_path / "real"
    folder.mkdir()
    names = [f"{number:02d}.jpg" for number in range(60)]
    for number, name in enumerate(names[:-1]):
        draw_noise(number, 160).save(folder / name, quality=95)
    draw_noise(0, 120).save(folder / names[-1], quality=60)
    (folder / "covers.csv").write_text("\n".join(["file", *names]) + "\n")
    (folder / "same_artwork_pairs.csv").write_text("a,b\n00.jpg,59.jpg\n")
    return folder


@pytest.fixture
def hands(tmp_path: Path) -> Path:
    folder = tmp_path / "hands"
    folder.mkdir()
    hand = np.zeros((60, 60, 4), np.uint8)
    hand[20:50, 20:50] = (200, 150, 120, 255)
    Image.fromarray(hand).save(folder / "hand.png")
    return folder


@pytest.fixture
def measure(collection: Path, hands: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function: options to the lines that the command leaves."""
    out = tmp_path / "out.jsonl"
    given = ["--covers", str(collection), "--hands", str(hands), "--out", str(out)]

    def measure(*options: str) -> list[Line]:
        monkeypatch.setattr(sys, "argv", ["protocols.py", *given, *options])
        protocols.main()
        return read_lines(out)

    return measure


FEW = ("--protocols", "fifty", "everything", "--queries", "20", "--cells")


@pytest.mark.heavy
def test_ways_answer_the_same_queries_and_are_not_asked_twice(
    measure: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = measure("--baselines", "phash", "histogram", *FEW, "0:96", "pairs")
    assert [(line.way, line.protocol, line.cell) for line in lines] == [
        ("phash", "fifty", "0:96"),
        ("phash", "everything", "0:96"),
        ("phash", "everything", "pairs"),
        ("histogram", "fifty", "0:96"),
        ("histogram", "everything", "0:96"),
        ("histogram", "everything", "pairs"),
    ]
    shares = [line.found["scores"]["recall_at_1"] for line in lines]
    assert [share["value"] for share in shares[:3]] == [1, 1, 1], "a hash finds a clean picture"
    assert [share["trials"] for share in shares[:3]] == [20, 20, 1]
    assert [line.found["covers"] for line in lines[:3]] == [50, 60, 59]
    assert lines[0].found["chance_at_1"] == 1 / 50
    assert lines[1].found["chance_at_1"] == 1 / 59, "two covers are one artwork"
    capsys.readouterr()
    again = measure("--baselines", "phash", *FEW, "0:96", "1:48")
    assert [line.found for line in again[:6]] == [line.found for line in lines]
    assert [(line.way, line.cell) for line in again[6:]] == [("phash", "1:48")] * 2
    assert capsys.readouterr().out.count("| phash |") == 5


@pytest.mark.heavy
def test_a_model_is_measured_by_its_folder_and_refused_if_it_knows_the_covers(
    measure: Any, collection: Path, tmp_path: Path
) -> None:
    lake = FolderLake(tmp_path / "lake")
    fair = save_model(lake, tiny_net(), TINY, {}, ["another"])
    (line,) = measure(
        "--models", str(lake.root / "models" / fair), "--protocols", "everything", *FEW[3:], "0:96"
    )[-1:]
    assert (line.way, line.found["queries"]) == (fair, 20)
    (both,) = measure(
        *("--identify", str(lake.root / "models" / fair)),
        *("--protocols", "fifty", *FEW[3:], "0:96"),
    )[-1:]
    assert both.way == f"{fair} + identify"
    assert both.found["scores"]["recall_at_1"]["value"] == 1, "keypoints find a clean picture"
    shown = prepare_cover((collection / "07.jpg").read_bytes()).cover_id
    unfair = save_model(lake, tiny_net(1), TINY, {}, [shown])
    with pytest.raises(CratewatchError, match=r"07\.jpg was trained on"):
        measure("--models", str(lake.root / "models" / unfair), *FEW, "0:96")


def test_chance_is_by_lot_and_the_same_each_time() -> None:
    queries, covers = np.arange(40), np.arange(100)
    compare = baselines.baseline("chance", None, None)([])  # type: ignore[arg-type]
    scores = compare(queries, covers)
    assert scores.shape == (40, 100)
    assert (scores == compare(queries, covers)).all()
    assert len(np.unique(scores.argmax(axis=1))) > 20


@pytest.mark.parametrize("rows_at_once", [100, 200_000])
def test_orb_finds_a_turned_cover_by_its_inliers(
    rows_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.orb.POOL_ROWS", rows_at_once)
    rng = np.random.default_rng(0)
    pictures = [
        Image.fromarray(rng.integers(0, 256, (32, 32), dtype=np.uint8)).resize((256, 256))
        for _ in range(40)
    ]
    asked = [pictures[7].rotate(12), Image.new("L", (64, 64))]
    scores = orb_way(pictures)(asked)(np.array([0, 1]), np.array([3, 7, 21]))
    assert scores[0].argmax() == 1
    assert scores[0, 1] > 20, "inliers count whole"
    assert scores[1].tolist() == [0, 0, 0], "a picture without features finds nothing"
