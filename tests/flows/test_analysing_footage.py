"""Nights of footage, analysed by a quick stand-in for the detectors: the ledger is what counts."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cratewatch.catalog.catalog import open_catalog
from cratewatch.errors import BusyError, CratewatchError, NotFoundError, UnavailableError
from cratewatch.lake.opening import open_lake
from cratewatch.settings import Settings, load_settings
from flows.analysing_footage import Clip, FootageError, analyse_footage
from flows.footage_report import FootageNight
from tests.flows.analysed import analyse, write_recordings

ROOT = Path(__file__).parents[2]
N = 6


@pytest.fixture
def settings(empty_home: Path) -> Settings:
    return load_settings(home=empty_home)


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    return write_recordings(tmp_path / "recordings", N)


def night(settings: Settings, folder: Path | str, **options: Any) -> FootageNight:
    asked: dict[str, Any] = {"camera": "", "analyse": analyse} | options
    return analyse_footage(settings, [str(folder)], **asked)


def left(settings: Settings) -> dict[str, Any]:
    """Return what nights have left, without times and run ids."""
    with closing(open_catalog(settings.catalog_url)) as catalog:
        first, last = catalog.handlings.span() or (None, None)
        assert first is not None
        assert last is not None
        seen = catalog.handlings.between(first, last)
        return {
            "handlings": [*seen, *catalog.handlings.between(last, last.replace(year=9000))],
            "items": catalog.items.known("footage", "footage"),
            "running": [r["run_id"] for r in catalog.runs.latest(99) if r["state"] == "running"],
            "pictures": list(open_lake(settings.lake).keys("footage")),
        }


def test_each_recording_is_analysed_once(settings: Settings, recordings: Path) -> None:
    report = night(settings, recordings)
    assert (report.recordings, report.analysed, report.handlings) == (N, N, 2 * N)
    before = left(settings)
    assert {h.camera for h in before["handlings"]} == {"door", "till"}
    assert len(before["pictures"]) == 2 * N
    again = night(settings, recordings)
    assert (again.analysed, again.known, again.handlings) == (0, N, 0)
    twin = recordings / "till_20261121T100000.mp4"
    twin.write_bytes((recordings / "door_20261120T100000.mp4").read_bytes())
    os.utime(twin, (1e9, 1e9))
    assert night(settings, recordings).known == N + 1
    assert left(settings)["handlings"] == before["handlings"]


def test_what_fails_costs_no_other(settings: Settings, recordings: Path) -> None:
    bad = recordings / "door_20261120T110000.mp4"
    nameless = recordings / "clip.mp4"
    for file in (bad, nameless):
        file.write_bytes(b"bad" + file.name.encode())
        os.utime(file, (1e9, 1e9))
    for attempt in (1, 2, 3):
        with pytest.raises(FootageError, match="2 of 8 recordings failed") as error:
            night(settings, recordings)
        report = error.value.report
        assert report.failed == {"bad_name": 1, "not_analysed": 1}
        assert report.analysed == (N if attempt == 1 else 0)
        assert "clip.mp4: clip.mp4: does not tell its time" in report.examples["bad_name"]
        assert report.examples["not_analysed"].endswith("110000.mp4: no moov atom")
    report = night(settings, recordings)
    assert (report.given_up, report.failed) == (2, {})
    with closing(open_catalog(settings.catalog_url)) as catalog:
        assert catalog.items.failures() == {"bad_name": 1, "not_analysed": 1}
        assert catalog.items.sources_to_retry() == []


def test_a_file_that_grows_waits_for_the_next_night(settings: Settings, recordings: Path) -> None:
    (recordings / "door_20261120T110000.mp4").write_bytes(b"more to come")
    (recordings / "notes.txt").write_text("no recording")
    report = night(settings, recordings)
    assert (report.recordings, report.analysed, report.growing) == (N + 1, N, 1)


def test_the_camera_is_that_of_the_folder_or_of_the_command(
    settings: Settings, tmp_path: Path
) -> None:
    told = settings.model_copy(update={"footage_name": "{started_at}"})
    file = tmp_path / "in" / "back" / "20261120T100000.mp4"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x")
    os.utime(file, (1e9, 1e9))
    assert night(told, tmp_path / "in").analysed == 1
    assert {h.camera for h in left(settings)["handlings"]} == {"back"}
    file.write_bytes(b"other")
    os.utime(file, (1e9, 1e9))
    assert night(told, tmp_path / "in", camera="front").analysed == 1
    assert {h.camera for h in left(settings)["handlings"]} == {"back", "front"}


def test_recordings_of_a_bucket(
    settings: Settings, recordings: Path, s3_location: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_lake(replace(s3_location, path=f"{s3_location.path}/cameras"))
    for file in recordings.iterdir():
        store.write(f"2026/{file.name}", file.read_bytes())
    monkeypatch.setattr("flows.recordings.SETTLED_S", -9.0)
    there = settings.model_copy(
        update={
            "s3_endpoint": s3_location.endpoint,
            "s3_region": s3_location.region,
            "s3_access_key": s3_location.access_key,
            "s3_secret_key": s3_location.secret_key,
        }
    )
    report = night(there, f"{s3_location.path}/cameras")
    assert (report.analysed, report.handlings) == (N, 2 * N)
    assert night(there, f"{s3_location.path}/cameras").known == N
    assert not list((settings.home / "footage").glob(".fetched-*")), "copies are deleted"


def test_a_store_that_is_away_ends_the_night_and_blames_no_recording(
    settings: Settings, recordings: Path
) -> None:
    asked = []

    def fails(settings: Settings, clip: Clip, folder: Path) -> None:
        asked.append(clip)
        if len(asked) == 3:
            raise UnavailableError("lake: away")
        analyse(settings, clip, folder)

    with pytest.raises(FootageError, match=r"door_20261120T100004.mp4: lake: away") as error:
        night(settings, recordings, analyse=fails)
    assert (error.value.report.analysed, error.value.report.failed) == (2, {})
    assert night(settings, recordings).analysed == N - 2


def test_one_night_at_a_time(settings: Settings, recordings: Path) -> None:
    def nested(settings: Settings, _clip: Clip, _folder: Path) -> None:
        with pytest.raises(BusyError, match="footage is being analysed"):
            night(settings, recordings)
        raise CratewatchError("enough")

    with pytest.raises(FootageError):
        night(settings, recordings, analyse=nested)


def test_a_folder_that_is_none(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no-such: no such folder"):
        night(settings, tmp_path / "no-such")


@pytest.mark.heavy
@pytest.mark.slow
def test_nights_that_are_killed_equal_one_that_nobody_disturbed(
    tmp_path: Path, recordings: Path
) -> None:
    rng = random.Random(5)
    calm = prepared(tmp_path / "calm")
    seconds = time.monotonic()
    assert start(calm, recordings).wait() == 0
    seconds = time.monotonic() - seconds
    killed = prepared(tmp_path / "killed")
    for _ in range(3):
        process = start(killed, recordings)
        time.sleep(rng.uniform(0.3, 0.95) * seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert start(killed, recordings).wait() == 0
    assert left(load_settings(home=killed)) == left(load_settings(home=calm))


def prepared(home: Path) -> Path:
    home.mkdir()
    (home / "cratewatch.toml").touch()
    return home


def start(home: Path, recordings: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.flows.analysed", str(home), str(recordings)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL)


@pytest.mark.usefixtures("prefect")
def test_the_flow_does_the_same(
    settings: Settings, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.analyse_footage.analyse_in_process", analyse)
    from flows.analyse_footage import analyse_footage as flow

    report = flow(settings.home, [str(recordings)])
    assert (report.analysed, report.handlings) == (N, 2 * N)
