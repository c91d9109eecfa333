from pathlib import Path
from typing import Any

import pytest

from cratewatch.settings import load_settings


def test_a_home_is_made_with_settings_to_fill_in(run: Any, home: Path) -> None:
    made = run("init", "--home", str(home))
    assert made.returncode == 0, made.stderr
    file = home / "cratewatch.toml"
    assert file.stat().st_mode & 0o077 == 0
    assert load_settings(home=home).sources == {}
    text = file.read_text()
    shop = text[text.index("# [sources.my-shop]") :].partition("\n\n")[0]
    file.write_text(shop.replace("# ", "", 4).replace("#", "# "))
    assert list(load_settings(home=home).sources) == ["my-shop"]
    again = run("init", "--home", str(home))
    assert again.returncode == 1
    assert "cratewatch.toml is there already; edit it" in again.stderr


@pytest.mark.parametrize("command", ["status", "identify x.jpg", "index", "train", "calibrate"])
def test_a_home_that_is_none_is_not_made(run: Any, home: Path, command: str) -> None:
    for folder in (home, home.parent):
        said = run(*command.split(), "--home", str(folder))
        assert said.returncode == 1
        assert f"home: {folder} is none; check --home" in said.stderr
    assert not home.exists()


def test_a_catalog_elsewhere_needs_no_home(
    run: Any, home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CRATEWATCH_CATALOG_URL", f"sqlite:///{tmp_path / 'elsewhere.db'}")
    assert run("status", "--home", str(home)).returncode == 0
