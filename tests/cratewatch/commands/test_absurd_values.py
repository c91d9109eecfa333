"""A name that leads elsewhere or a number beyond all bounds is one line, as any other mistake."""

from __future__ import annotations

import json
import os
import pwd
from pathlib import Path
from typing import Any

import pytest
import typer

from cratewatch.catalog.records import Cover
from cratewatch.commands.app import app_for
from cratewatch.embedding.model_folder import ModelFolder
from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.folders import users_path
from cratewatch.monitoring.status import collect_status
from cratewatch.settings import load_settings

HUGE = "9" * 30
NAMES = [
    (
        ("export-model", "--out", "FOLDER/m.onnx", "--model", "../../x"),
        "model ../../x: not in the lake",
    ),
    (("export-model", "--out", "FOLDER/m.onnx", "--model", ".."), "model ..: not in the lake"),
    (("export-model", "--out", "FOLDER/m.onnx", "--model", "/etc"), "model /etc: not in the lake"),
    (("export-model", "--out", "FOLDER/m.onnx", "--model", "a" * 300), "aaa: not in the lake"),
    (("export-model", "--out", "FOLDER/m.onnx", "--model", "a\udc80"), "model a?: not in the lake"),
    (("quantize", "--model", "../x"), "model ../x: not in the lake"),
    (("quantize", "--model", "FOLDER/.."), "config.json is missing"),
    (("index", "--model", "../x"), "model ../x: not in the lake"),
    (("evaluate", "--model", "/"), "give a short name without .. "),
    (("evaluate", "--queries", ".."), "queries '..': neither a run of the lake"),
    (("calibrate", "--queries", "../../x"), "queries '../../x': neither a run of the lake"),
    (("synthesize", "--samples", "2", "--confused", "../x"), "model ../x: not in the lake"),
    (("synthesize", "--samples", "2", "--confused", ".."), "model ..: not in the lake"),
    (("backup-gallery", ".."), "backup '..': give up to 64"),
    (("restore-gallery", "../x"), "backup '../x': give up to 64"),
    (("refresh", "../x"), "source '../x' is not configured"),
    (("evaluate", "--model", "~nobody-of-this-name"), "there is no such home folder"),
    (("train", "--weights", "~nobody-of-this-name/x"), "there is no such home folder"),
    (("synthesize", "--samples", "2", "--confused", "~nobody-of-this-name/x.csv"), "no such home"),
    (
        ("synthesize", "--samples", "2", "--engine", "gligen", "--model", "~nobody-of-this-name"),
        "cratewatch: ~nobody-of-this-name: there is no such home folder",
    ),
    (("show", "a\udc80"), "no release or cover is called 'a?'"),
    (("changes", "a\udc80"), "run 'a?' is not in the catalog"),
    (("status", "--home", "~nobody-of-this-name"), "there is no such home folder"),
    (("demo", "--home", "~nobody-of-this-name"), "there is no such home folder"),
]
NUMBERS = [
    ("status", "--failures", "--examples", HUGE),
    ("synthesize", "--samples", HUGE),
    ("synthesize", "--samples", "2", "--seed", HUGE),
    ("synthesize", "--samples", "2", "--workers", HUGE),
    ("train", "--seed", HUGE),
    ("train", "--memory", "9" * 12),
    ("train", "--image-px", "9" * 12),
    ("train", "--sketched", "nan"),
    ("evaluate", "--seed", HUGE),
    ("evaluate", "--cells", f"1:{HUGE}"),
    ("quantize", "--pictures", HUGE),
    ("releases", "--limit", HUGE),
    ("renew", "--steps", HUGE),
    ("identify", "x.jpg", "--year", "99999999999"),
    ("identify", "x.jpg", "--year", "-1"),
    ("identify", "x.jpg", "--top", HUGE),
]


def the_line(answer: Any) -> str:
    assert answer.returncode == 1, answer.stderr
    assert answer.stdout == ""
    lines: list[str] = answer.stderr.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("cratewatch: ")
    return lines[0]


@pytest.mark.parametrize(("arguments", "message"), NAMES)
def test_a_name_that_leads_elsewhere_is_one_line(
    run: Any,
    home: Path,
    served: list[Cover],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    filled = [part.replace("FOLDER", str(tmp_path / "below")) for part in arguments]
    assert message in the_line(run(*filled, CRATEWATCH_HOME=str(home)))
    assert list((tmp_path / "below").iterdir()) == []


@pytest.mark.parametrize("arguments", NUMBERS, ids=" ".join)
def test_a_number_beyond_all_bounds_is_one_line(
    run: Any, home: Path, imported: list[Cover], arguments: tuple[str, ...]
) -> None:
    line = the_line(run(*arguments, CRATEWATCH_HOME=str(home)))
    assert arguments[-1] in line or arguments[-2] in line


@pytest.mark.parametrize("year", ["1", "1849", "2151", "2200-2300", "9999"])
def test_a_year_that_no_filter_holds_has_no_matches(
    run: Any, home: Path, served: list[Cover], year: str
) -> None:
    answer = run("identify", served[0].source_url, "--year", year, "--json", "--home", str(home))
    assert (answer.returncode, answer.stderr) == (0, "")
    assert json.loads(answer.stdout)["matches"] == []


@pytest.mark.parametrize("option", ["--genre", "--source", "--format"])
def test_a_word_in_another_encoding_is_one_line(
    run: Any, home: Path, served: list[Cover], option: str
) -> None:
    image = served[0].source_url
    line = the_line(run("identify", image, option, "jazz\udce9", "--home", str(home)))
    assert f"{option}: no release has" in line


@pytest.mark.usefixtures("catalog")
def test_a_user_whom_the_machine_does_not_know_has_no_home(
    run: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(uid: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.delenv("HOME", raising=False)
    line = the_line(run("status"))
    assert line == (
        "cratewatch: ~/.cratewatch: there is no such home folder; set HOME, or give a path without "
        "~ (--home, CRATEWATCH_HOME)"
    )
    assert run("status", "--home", str(home)).returncode == 0
    monkeypatch.setattr(
        "cratewatch.monitoring.status.collect_status",
        lambda settings: collect_status(settings) | {"home": os.environ["HOME"]},
    )
    answer = run("status", "--json", CRATEWATCH_HOME=str(home))
    assert json.loads(answer.stdout)["home"] == str(home), "Prefect and Ray want one"


def test_every_whole_number_has_bounds() -> None:
    commands: dict[str, Any] = typer.main.get_command(app_for([])).commands  # type: ignore[attr-defined]
    bounds = {
        (name, option.name): (option.min, option.max)
        for name, command in commands.items()
        for option in command.params
        if option.type_descriptor.annotation is int
    }
    assert len(bounds) > 20
    assert [option for option, both in bounds.items() if None in both] == []


@pytest.mark.usefixtures("catalog")
def test_retry_tells_machines_nothing_in_prose(run: Any, home: Path) -> None:
    answer = run("retry", "--json", "--home", str(home))
    assert (answer.returncode, answer.stdout) == (0, "")
    assert "nothing to retry" in answer.stderr
    assert "nothing to retry" in run("retry", "--home", str(home)).stdout


def test_a_home_is_told_by_its_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert users_path("~/shop") == tmp_path / "shop"
    assert users_path("a/~/b") == Path("a/~/b")
    assert load_settings().home == tmp_path / ".cratewatch"
    with pytest.raises(NotFoundError, match="~nobody-of-this-name: there is no such home"):
        users_path("~nobody-of-this-name")


def test_a_model_folder_may_be_the_one_above(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "model" / "below").mkdir(parents=True)
    (tmp_path / "model" / "config.json").write_text("{}")
    monkeypatch.chdir(tmp_path / "model" / "below")
    assert ModelFolder.at(Path("..")).has("config.json")
    assert not ModelFolder.at(Path("/")).has("config.json")
    with pytest.raises(CratewatchError, match="not a lake key"):
        ModelFolder.at(Path("/")).config()
