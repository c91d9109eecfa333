"""Which slow tests CI runs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra import slow_tests as script
from infra.slow_tests import APART, LAST_COMMITS, ROOT, SLOW_TESTS, slow_tests

MARK = "pytest.mark.slow"


def test_every_file_with_a_slow_test_is_known_and_no_other() -> None:
    marked = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tests").rglob("test_*.py")
        if path != Path(__file__) and MARK in path.read_text()
    }
    assert marked == set(SLOW_TESTS)


def test_what_the_table_names_is_there() -> None:
    names = {name for code in SLOW_TESTS.values() for name in code}
    assert [name for name in names if not (ROOT / name).exists()] == []
    assert [name for name in APART if not list(ROOT.glob(f"{name.rstrip('/')}*"))] == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ([], []),
        (["docs/operations.md", "README.md", "tests/cratewatch/lake/test_s3.py"], []),
        (
            ["src/cratewatch/demo/run.py", "workers/training.py"],
            [
                "tests/cratewatch/commands/test_without_prefect.py",
                "tests/workers/test_training.py",
            ],
        ),
        (["docs/tutorial.md"], ["tests/first_hour/test_tutorial.py"]),
        (["tests/workers/test_painting.py"], ["tests/workers/test_painting.py"]),
        (["tests/workers/test_pool.py"], []),
        (["tests/workers/embed_on_dying_node.py"], ["tests/workers/test_embedding.py"]),
        (
            ["src/cratewatch/gallery/gallery.py"],
            [
                "tests/cratewatch/indexing/test_agreement.py",
                "tests/cratewatch/indexing/test_rebuilding.py",
                "tests/flows/test_gallery_away.py",
            ],
        ),
        # May bear on anything: dependencies, the stores below all, fixtures, rooms to come.
        (["constraints.txt"], sorted(SLOW_TESTS)),
        (["workers/training.py", "src/cratewatch/lake/s3.py"], sorted(SLOW_TESTS)),
        (["tests/conftest.py"], sorted(SLOW_TESTS)),
        (["src/cratewatch/images/reading.py"], sorted(SLOW_TESTS)),
    ],
)
def test_changed_paths_ask_for_the_tests_of_their_code(
    changed: list[str], expected: list[str]
) -> None:
    assert slow_tests(changed) == expected


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that runs git in a repository of its own, which the script looks at."""
    if shutil.which("git") is None:
        pytest.skip("no git here")
    folder = tmp_path / "clone"
    folder.mkdir()
    monkeypatch.setattr(script, "ROOT", folder)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):  # as in a hook
        monkeypatch.delenv(name, raising=False)

    def git(*arguments: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
        subprocess.run(["git", "-C", folder, *who, *arguments], check=True, capture_output=True)

    git("init", "--initial-branch=main")
    return git


def commit(git: Any, *names: str) -> None:
    for name in names:
        (script.ROOT / name).write_text(name)
        git("add", name)
        git("commit", "--message", name)


def test_a_branch_is_compared_with_where_it_left_main(clone: Any) -> None:
    commit(clone, "first")
    clone("switch", "--create", "branch")
    commit(clone, "mine", "mine too")
    clone("switch", "main")
    commit(clone, "another's")
    clone("switch", "branch")
    assert script.changed_paths() == ["mine", "mine too"]
    assert script.changed_paths("HEAD~1") == ["mine too"]


def test_on_main_the_last_commits_count(clone: Any) -> None:
    commit(clone, *[f"{n:02d}" for n in range(LAST_COMMITS + 2)])
    assert script.changed_paths() == [f"{n:02d}" for n in range(2, LAST_COMMITS + 2)]


def test_where_it_cannot_be_told_all_are_run(
    clone: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(clone, "first", "second")
    monkeypatch.setattr("sys.argv", ["slow_tests.py"])
    assert script.changed_paths() is None, "too few commits"
    assert script.changed_paths("nonsense") is None
    clone("clone", "--depth", "1", script.ROOT.as_uri(), str(tmp_path / "shallow"))
    monkeypatch.setattr(script, "ROOT", tmp_path / "shallow")
    assert script.changed_paths("HEAD") is None, "shallow"
    monkeypatch.setattr(script, "ROOT", tmp_path / "no repository")
    assert script.changed_paths() is None
    script.main()
    assert capsys.readouterr().out.splitlines() == sorted(SLOW_TESTS)
