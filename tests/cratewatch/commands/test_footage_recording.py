from datetime import UTC, datetime
from pathlib import Path

import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.commands.footage_recording import home_if_any, record
from cratewatch.errors import NotFoundError
from cratewatch.settings import load_settings
from tests.cratewatch.footage.run_folders import handling, write_run

NOW = datetime.now(UTC)


def test_a_run_is_kept_in_a_home_and_noted(
    tmp_path: Path, empty_home: Path, catalog: Catalog, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load_settings(home=empty_home)
    folder = write_run(tmp_path / "run", [handling(1)], sha256="ab" * 32)
    record(settings, folder, "door", "shop.mp4")
    assert (
        "shop.mp4: not recorded: when was it filmed? give --started-at" in capsys.readouterr().err
    )
    assert catalog.handlings.counts() == {}
    write_run(folder, [handling(1)], sha256="ab" * 32, started_at=NOW.isoformat())
    for _ in range(2):
        record(settings, folder, "door", "shop.mp4")
    assert "1 handlings recorded" in capsys.readouterr().err
    assert catalog.handlings.counts() == {"door": 1}
    exports = [(e.what, e.target, e.detail, e.rows) for e in catalog.audit.since()]
    assert exports == [("footage", str(folder), "shop.mp4", 1)] * 3


def test_a_home_is_needed_only_where_one_is_named(
    tmp_path: Path, empty_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRATEWATCH_HOME", str(tmp_path / "none"))
    assert home_if_any(None) is None
    with pytest.raises(NotFoundError, match="is none"):
        home_if_any(tmp_path / "none")
    monkeypatch.setenv("CRATEWATCH_HOME", str(empty_home))
    settings = home_if_any(None)
    assert settings is not None
    assert settings.home == empty_home
