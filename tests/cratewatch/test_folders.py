import os
import stat
import time
from pathlib import Path

from cratewatch.folders import private_folder, prune

DAY_S = 24 * 3600


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_home_is_its_owners_alone_and_so_is_what_is_made_above_it(tmp_path):
    made = private_folder(tmp_path / "a" / "b")
    assert [mode(made), mode(made.parent)] == [0o700, 0o700]


def test_what_is_there_keeps_its_permissions(tmp_path):
    (tmp_path / "shared").mkdir(mode=0o755)
    before = mode(tmp_path / "shared")
    private_folder(tmp_path / "shared" / "home")
    assert mode(tmp_path / "shared") == before


def put(path: Path, days: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    for one in (path, path.parent):
        os.utime(one, (time.time() - days * DAY_S,) * 2)
    return path


def test_only_what_is_old_and_meant_goes(tmp_path):
    old, young = put(tmp_path / "old.log", 9), put(tmp_path / "young.log", 1)
    other = put(tmp_path / "old.txt", 9)
    link = tmp_path / "link.log"
    link.symlink_to(other)
    assert prune(tmp_path, "*.log", keep_days=5) == [old]
    assert [path.exists() for path in (old, young, other, link)] == [False, True, True, True]


def test_a_folder_is_as_young_as_what_was_written_last_in_it(tmp_path):
    old = put(tmp_path / "session_1" / "logs" / "a.log", 9).parents[1]
    alive = put(tmp_path / "session_2" / "logs" / "a.log", 9).parents[1]
    put(alive / "logs" / "b.log", 1)
    for folder in (old, alive):
        os.utime(folder, (time.time() - 9 * DAY_S,) * 2)
    assert prune(tmp_path, "session_*", keep_days=5) == [old]


def test_nothing_to_prune_is_nothing(tmp_path):
    assert prune(tmp_path / "none", "*", keep_days=0) == []
