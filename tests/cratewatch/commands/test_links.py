import json
from pathlib import Path

import pytest

from cratewatch.catalog.catalog import Catalog
from tests.command_line import run_here
from tests.cratewatch.catalog.test_links import put


@pytest.fixture
def linked(catalog: Catalog, home: Path) -> Path:
    put(catalog, "a")
    put(catalog, "b")
    return home


def test_links_are_found_listed_refused_and_restored(
    linked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(*arguments: str) -> str:
        answer = run_here(monkeypatch, "links", *arguments, "--home", str(linked))
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    found = run_here(monkeypatch, "links", "--find", "--json", "--home", str(linked))
    (link,) = map(json.loads, found.stdout.splitlines())
    assert (link["release_id"], link["other_id"], link["refused_at"]) == ("a:1", "b:1", None)
    assert "1 links, 1 new" in found.stderr
    assert ask("b:1") == "a:1  b:1  barcode_and_catno 0.98\n"
    assert ask("b:1", "a:1", "--refuse") == ""
    assert ask() == ask("a:1") == ""
    assert "refused" in ask("--refused")
    ask("a:1", "b:1", "--restore")
    assert ask().startswith("a:1  b:1")


@pytest.mark.parametrize(
    "arguments",
    [("a:1", "b:1"), ("a:1", "--refuse"), ("a:1", "b:1", "--refuse", "--restore")],
)
def test_what_is_half_said_is_refused(
    linked: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    answer = run_here(monkeypatch, "links", *arguments, "--home", str(linked))
    assert answer.returncode == 1
    assert "give two releases and one of --refuse and --restore" in answer.stderr
