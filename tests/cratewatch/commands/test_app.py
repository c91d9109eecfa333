"""The command as users run it, in a process of its own where streams and exit code matter."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cratewatch.catalog.records import Cover


def test_identify_answers_every_path_in_order_and_fails_at_the_end(
    run_process: Any, home: Path, served: list[Cover], tmp_path: Path
) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not really")
    paths = [
        served[0].source_url,
        str(tmp_path / "broken.jpg"),
        served[1].source_url,
        str(tmp_path / "none.jpg"),
        served[2].source_url,
    ]
    answer = run_process("identify", *paths, "--json", "--top", "3", "--home", str(home))
    assert answer.returncode == 1
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [line["query"] for line in lines] == paths
    assert ["error" in line for line in lines] == [False, True, False, True, False]
    for line, cover in zip(lines[::2], served, strict=False):
        assert len(line["matches"]) == 3
        best = line["matches"][0]
        assert best["cover_id"] == cover.cover_id
        assert best["path_or_url"] == cover.source_url
        assert best["source"] == "import"
        assert best["releases"][0]["title"] == Path(cover.source_url).stem
    assert "Traceback" not in answer.stderr


@pytest.mark.heavy
def test_identify_takes_paths_on_standard_input(run: Any, home: Path, served: list[Cover]) -> None:
    paths = [cover.source_url for cover in served] * 3
    answer = run("identify", "-", "--json", "--home", str(home), stdin="\n".join(paths) + "\n\n")
    assert answer.returncode == 0, answer.stderr
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [line["query"] for line in lines] == paths
    assert [line["matches"][0]["path_or_url"] for line in lines] == paths


def test_identify_prints_a_table_for_people(run: Any, home: Path, served: list[Cover]) -> None:
    answer = run("identify", served[0].source_url, "--home", str(home))
    assert answer.returncode == 0
    assert re.search(r"\d\.\d{3}", answer.stdout)
    assert Path(served[0].source_url).stem in answer.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["identify", __file__],
            "nothing is indexed yet; import covers (`cratewatch import FOLDER`)",
        ),
        (["import", "no-such-folder"], "is not a folder"),
        (["synthesize", "--samples", "1", "--engine", "oil"], "'oil' is unknown"),
        (["synthesize", "--samples", "1", "--split", "half"], "none of train, test, all"),
        (["train", "--backbone", "vgg"], "'vgg'"),
        (["evaluate"], "nothing is indexed yet"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_1(
    run: Any, empty_home: Path, arguments: list[str], message: str
) -> None:
    answer = run(*arguments, "--home", str(empty_home))
    assert answer.returncode == 1
    assert message in answer.stderr
    assert len(answer.stderr.strip().splitlines()) == 1
    assert answer.stdout == ""


def test_a_misspelt_setting_is_refused(run_process: Any, home: Path) -> None:
    answer = run_process("status", "--home", str(home), CRATEWATCH_LAKE_PAHT="x")
    assert answer.returncode == 1
    assert "CRATEWATCH_LAKE_PAHT" in answer.stderr


def test_status_counts_what_is_there(
    run: Any, home: Path, served: list[Cover], tiny_model: str
) -> None:
    status = json.loads(run("status", "--json", "--home", str(home)).stdout)
    assert status["catalog"]["covers"] == len(served)
    gallery = status["gallery"]
    assert (gallery["serving_model"], gallery["serving"]) == (tiny_model, tiny_model)
    collection = gallery["collections"][tiny_model]
    assert (collection["rows"], collection["index"], collection["state"]) == (24, "FLAT", "ready")
    assert gallery["found_themselves"] == {"found": len(served), "of": len(served)}
    assert 0 <= gallery["lag_s"] < 60


def test_import_says_what_it_did(run: Any, home: Path, cover_folder: Path) -> None:
    Image.new("RGB", (64, 64)).save(cover_folder / "extra.png")
    (cover_folder / "bad.jpg").write_text("x")
    report = json.loads(run("import", str(cover_folder), "--json", "--home", str(home)).stdout)
    assert report["covers_new"] == 25
    assert report["failed"] == {"not_an_image": 1}


def test_the_demo_never_empties_a_folder_that_it_did_not_make(run: Any, tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    answer = run("demo", "--home", str(tmp_path))
    assert answer.returncode == 1
    assert "is not empty and no demo made it" in answer.stderr
    assert (tmp_path / "precious.txt").read_text() == "mine"


def test_help_shows_the_defaults(run: Any) -> None:
    assert "[default: the serving one, and the one trained last if that is newer]" in " ".join(
        run("evaluate", "--help").stdout.replace("│", " ").split()
    )


def test_the_version_and_the_short_help(run: Any) -> None:
    assert re.fullmatch(r"cratewatch \d+\.\d+\.\d+.*\n", run("--version").stdout)
    assert run("-h").stdout == run("--help").stdout
    assert "--late-after" in run("status", "-h").stdout
    assert "Did you mean 'status'? See `cratewatch --help`" in run("statu").stderr
    said = run("synthesize", "--sample", "5").stderr
    assert "No such option: --sample. Did you mean '--samples'? See" in said
    assert "No such option: -x; see `cratewatch --help`" in run("-x").stderr
