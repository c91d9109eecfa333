import os
from pathlib import Path

import pytest

from cratewatch.errors import NotFoundError, SettingsError
from cratewatch.lake import Lake, cover_key


def test_what_is_written_is_read_back(lake: Lake) -> None:
    lake.write("covers/ab/x.jpg", b"one")
    lake.write("covers/ab/x.jpg", b"two")
    assert lake.read("covers/ab/x.jpg") == b"two"
    assert list(lake.keys("covers")) == ["covers/ab/x.jpg"]


def test_a_write_that_fails_leaves_the_old_object(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.write("reports/r.json", b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        lake.write("reports/r.json", b"new")
    assert lake.read("reports/r.json") == b"old"
    assert [p.name for p in (lake.root / "reports").iterdir()] == ["r.json"]


def test_a_killed_write_is_no_object(lake: Lake) -> None:
    lake.write("queries/run/a.tar", b"a")
    (lake.root / "queries/run/.partial-b").write_bytes(b"half")
    assert list(lake.keys("queries")) == ["queries/run/a.tar"]


def test_missing_object_says_where(lake: Lake) -> None:
    with pytest.raises(NotFoundError, match=r"no object models/x/config.json"):
        lake.read("models/x/config.json")


@pytest.mark.parametrize("key", ["", "../secret", "/etc/passwd", "covers/../../x"])
def test_keys_never_leave_the_lake(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="not a lake key"):
        Lake(tmp_path).read(key)


def test_a_url_is_no_folder() -> None:
    with pytest.raises(SettingsError, match="s3://bucket/prefix: not a folder"):
        Lake("s3://bucket/prefix")


def test_cover_key_fans_out() -> None:
    assert cover_key("abcdef") == "covers/ab/abcdef.jpg"
