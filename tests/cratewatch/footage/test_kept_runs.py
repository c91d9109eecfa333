"""Which runs of footage are still there."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.errors import CratewatchError
from cratewatch.footage.kept_runs import (
    KeptRun,
    events_of,
    find_run,
    handlings_of,
    kept_runs,
    run_folders,
)
from cratewatch.footage.recording import Filmed, record_run
from cratewatch.lake.folder import FolderLake
from tests.cratewatch.footage.run_folders import handling, write_run

TEN = "2026-11-20T10:00:00+00:00"
DOOR = Filmed("door", None, keep_days=1e4)


def kept(nights: Path, catalog: Catalog) -> list[KeptRun]:
    return list(kept_runs(run_folders(nights, catalog), catalog))


def test_runs_of_nights_and_those_that_were_exported(tmp_path: Path, catalog: Catalog) -> None:
    nights, lake = tmp_path / "footage", FolderLake(tmp_path / "lake")
    old = write_run(nights / ("a" * 64), [handling(2), handling(1, known=True)], sha256="a" * 64)
    os.utime(old / "run.json", (1, 1))
    record_run(old, catalog, lake, Filmed("door", datetime.fromisoformat(TEN), 1e4))
    by_hand = write_run(tmp_path / "by_hand", [], sha256="b" * 64, started_at=TEN)
    catalog.audit.note("footage", str(by_hand), "till.mp4", 0)
    catalog.audit.note("footage", str(by_hand), "till.mp4", 0)
    catalog.audit.note("footage", str(tmp_path / "deleted"), "gone.mp4", 0)
    first, second = kept(nights, catalog)
    assert (first.folder, first.footage_run, first.camera, first.handlings) == (
        *(by_hand, "b" * 64),
        *(None, 0),
    )
    assert first.filmed_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert (second.folder, second.camera, second.handlings, second.known) == (old, "door", 2, 1)
    assert [one.handling_id for one in handlings_of(second)] == [1, 2]
    assert find_run(nights, catalog, "b" * 64) == first
    assert find_run(nights, catalog, "c" * 64) is None


def test_a_stream_is_found_by_its_camera_and_time(tmp_path: Path, catalog: Catalog) -> None:
    folder = write_run(tmp_path / "footage" / "live", [handling(1)], begun_at=TEN)
    assert kept(tmp_path / "footage", catalog) == []  # nobody knows yet whose it is
    recorded = record_run(folder, catalog, FolderLake(tmp_path / "lake"), DOOR)
    (run,) = kept(tmp_path / "footage", catalog)
    assert (run.footage_run, run.camera) == (recorded.footage_run, "door")


def test_what_is_broken_or_not_whole_hides_no_other(tmp_path: Path, catalog: Catalog) -> None:
    nights = tmp_path / "footage"
    write_run(nights / "half", [], sha256="a" * 64, complete=False)
    write_run(nights / "broken", [], sha256="b" * 64)
    (nights / "broken" / "run.json").write_text("{")
    whole = write_run(nights / "whole", [], sha256="c" * 64)
    (run,) = kept(nights, catalog)
    assert (run.folder, events_of(run)) == (whole, [])
    (whole / "events.jsonl").write_text('{"t": 1}\n{"t":')
    with pytest.raises(CratewatchError, match=r"events\.jsonl: no lines of JSON"):
        events_of(run)


def test_a_video_that_shows_persons_is_none(tmp_path: Path, catalog: Catalog) -> None:
    nights = tmp_path / "footage"
    for name, hides in (("a", True), ("b", False)):
        folder = write_run(nights / (name * 64), [], sha256=name * 64, hides=hides)
        (folder / "annotated.mp4").write_bytes(b"video")
    videos = {run.footage_run[0]: run.video for run in kept(nights, catalog)}
    assert videos == {"a": nights / ("a" * 64) / "annotated.mp4", "b": None}
