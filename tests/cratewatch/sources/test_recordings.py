from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cratewatch.errors import CratewatchError, SettingsError
from cratewatch.settings import load_settings
from cratewatch.sources.recordings import read_name

BERLIN = ZoneInfo("Europe/Berlin")
PLAIN = "{camera}_{started_at}"


@pytest.mark.parametrize(
    ("name", "pattern", "camera", "started_at"),
    [
        ("door_2026-11-20T10-00-00.mp4", PLAIN, "door", "2026-11-20T10:00:00+01:00"),
        ("cam_2_20260720T100005.mkv", PLAIN, "cam_2", "2026-07-20T10:00:05+02:00"),
        ("cam_2026-11-20_10-00.mp4", PLAIN, "cam", "2026-11-20T10:00:00+01:00"),
        ("a_20261120T100000Z.mp4", PLAIN, "a", "2026-11-20T10:00:00+00:00"),
        ("a_2026-11-20T10:00:00+05:30.mp4", PLAIN, "a", "2026-11-20T10:00:00+05:30"),
        ("20261120100000-CH3.mp4", "{started_at}-{camera}", "CH3", "2026-11-20T10:00:00+01:00"),
        ("rec.20261120 1000.avi", "rec.{started_at}", "", "2026-11-20T10:00:00+01:00"),
    ],
)
def test_camera_and_time_are_read(name: str, pattern: str, camera: str, started_at: str) -> None:
    told = read_name(Path("/footage") / name, pattern, BERLIN)
    assert (told.camera, told.started_at) == (camera, datetime.fromisoformat(started_at))


@pytest.mark.parametrize("name", ["door.mp4", "door_2026-13-20T10-00-00.mp4", "door_10-00-00.mp4"])
def test_a_name_that_tells_no_time_is_refused(name: str) -> None:
    with pytest.raises(CratewatchError, match=f"{name}: does not tell its time.*footage_name"):
        read_name(Path(name), PLAIN, BERLIN)


@pytest.mark.parametrize("pattern", ["{camera}", "{started_at}{started_at}", "x/{started_at}"])
def test_a_pattern_without_a_time_is_a_mistake(pattern: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"footage_name: .*does not name"):
        load_settings(home=tmp_path, footage_name=pattern)
