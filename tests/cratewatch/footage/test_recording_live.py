from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.footage import recording_live
from cratewatch.footage.frames import Frame
from cratewatch.footage.recording_live import LiveRecording
from cratewatch.footage.run import Seen
from cratewatch.settings import load_settings
from tests.cratewatch.footage.run_folders import handling, write_run

BEGUN_AT = datetime.now(UTC).isoformat()
SEEN = Seen(Frame(0, 0.0, np.zeros((1, 1, 3), np.uint8)), [], [], None)


def filmed(folder: Path, n: int) -> Path:
    handlings = [handling(number) for number in range(1, n + 1)]
    return write_run(folder, handlings, begun_at=BEGUN_AT, complete=False)


def test_what_a_camera_shows_is_recorded_while_it_goes_on(
    tmp_path: Path, empty_home: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(home=empty_home)
    folder = filmed(tmp_path / "run", 1)
    live = LiveRecording(settings, folder, "door")
    live.write(SEEN)
    assert catalog.handlings.counts() == {}  # it is not yet time to look
    monkeypatch.setattr(recording_live, "EVERY_S", 0.0)
    live.write(SEEN)
    assert catalog.handlings.counts() == {"door": 1}
    filmed(folder, 3)
    live.write(SEEN)
    live.write(SEEN)
    assert catalog.handlings.counts() == {"door": 3}


def test_a_catalog_that_is_away_costs_no_frame(
    tmp_path: Path, empty_home: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording_live, "EVERY_S", 0.0)
    settings = load_settings(home=empty_home)
    nowhere = "postgresql://me@127.0.0.1:1/none"
    live = LiveRecording(settings, filmed(tmp_path / "run", 2), "door")
    live._settings = settings.model_copy(update={"catalog_url": nowhere})
    live.write(SEEN)
    live._settings = settings
    live.write(SEEN)
    assert catalog.handlings.counts() == {"door": 2}
