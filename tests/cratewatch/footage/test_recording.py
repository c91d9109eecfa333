from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.handlings import SeenHandling
from cratewatch.catalog.records import Cover
from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.footage.recording import Filmed, Recorded, record_run, record_so_far
from cratewatch.footage.retention import Forgotten, Kept, forget_footage
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import Lake
from cratewatch.lake.opening import open_lake
from tests.cratewatch.footage.run_folders import handling, write_run

NOW = datetime.now(UTC).replace(microsecond=0)
TEN = NOW - timedelta(hours=6)
DOOR = Filmed("door", TEN, keep_days=30)
SHA = "ab" * 32


@pytest.fixture(params=["folder", "s3"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    if request.param == "folder":
        return FolderLake(tmp_path / "home" / "lake")
    return open_lake(request.getfixturevalue("s3_location"))


def recorded(catalog: Catalog) -> list[SeenHandling]:
    return catalog.handlings.between(NOW - timedelta(days=99), NOW)


def test_a_run_is_recorded_with_its_pictures(
    tmp_path: Path, catalog: Catalog, imported: list[Cover], lake: Lake
) -> None:
    cover = imported[0]
    known = handling(
        1, cover_id=cover.cover_id, artwork_id=cover.artwork_id, probability=0.9, known=True
    )
    folder = write_run(tmp_path / "run", [known, handling(2, track_id=4)], sha256=SHA)
    assert record_run(folder, catalog, lake, DOOR) == Recorded(SHA, 2, 1, 2)
    first, second = recorded(catalog)
    assert first.started_at == TEN + timedelta(seconds=10)
    assert (first.camera, first.seconds, first.person, first.probability) == ("door", 4.0, 1, 0.9)
    assert first.release_ids == (f"import:{cover.source_url}",)
    assert (second.artwork_id, second.known, second.person) == (None, False, 4)
    assert first.crop_key == f"footage/{SHA}/00001.jpg"
    assert lake.read(first.crop_key) == (folder / "handled" / "00001.jpg").read_bytes()


def test_a_run_recorded_again_takes_the_place_of_the_first(
    tmp_path: Path, catalog: Catalog, lake: Lake
) -> None:
    once = write_run(tmp_path / "a", [handling(1), handling(2)], sha256=SHA)
    record_run(once, catalog, lake, DOOR)
    again = write_run(tmp_path / "b", [handling(1, frames=31)], sha256=SHA)
    record_run(again, catalog, lake, replace(DOOR, camera="till"))
    assert [(h.camera, h.frames) for h in recorded(catalog)] == [("till", 31)]
    assert list(lake.keys("footage")) == [f"footage/{SHA}/00001.jpg"]


def test_the_time_is_that_of_the_run_unless_another_is_given(
    tmp_path: Path, catalog: Catalog, lake: Lake
) -> None:
    filmed = replace(DOOR, started_at=None)
    folder = write_run(tmp_path / "run", [handling(1)], started_at=TEN.isoformat())
    run = record_run(folder, catalog, lake, filmed).footage_run
    assert recorded(catalog)[0].started_at == TEN + timedelta(seconds=10)
    assert len(run) == 64, "a stream has no digest"
    write_run(folder, [handling(1)], begun_at=(TEN + timedelta(hours=1)).isoformat())
    record_run(folder, catalog, lake, filmed)
    assert recorded(catalog)[-1].started_at == TEN + timedelta(hours=1, seconds=10)
    for nothing in (None, "2026-11-20T10:00:00"):
        write_run(folder, [handling(1)], started_at=nothing)
        with pytest.raises(CratewatchError, match="give --started-at"):
            record_run(folder, catalog, lake, filmed)


def test_pictures_of_old_footage_are_not_kept_at_all(
    tmp_path: Path, catalog: Catalog, lake: Lake
) -> None:
    folder = write_run(tmp_path / "run", [handling(1)], sha256=SHA)
    old = replace(DOOR, started_at=TEN - timedelta(days=31))
    assert record_run(folder, catalog, lake, old).pictures == 0
    assert list(lake.keys("footage")) == []


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("run.json", "{", r"run\.json: no valid JSON"),
        ("run.json", "[]", r"run\.json: no object"),
        ("handled.csv", "", r"handled\.csv: no column artwork_id, best_frame"),
        ("handled.csv", None, "no such file"),
        ("handled.csv", "1,1,x,2,3,,,,,,,true,1,1\n", r"handled\.csv, line 2: .*'x'"),
        ("handled.csv", "1,1,1,2,3,,,,,,,maybe,1,1\n", r"line 2: 'maybe' is no value"),
        ("handled.csv", "1,1\n", "line 2"),
        ("handled.csv", "1,1,1,2,3,,,,,,,true,1,1\n" * 2, "handling_id stands there twice"),
    ],
)
def test_what_is_no_whole_run_is_refused(
    tmp_path: Path, home: Path, catalog: Catalog, file: str, text: str | None, said: str
) -> None:
    folder = write_run(tmp_path / "run", [handling(1)], sha256=SHA)
    header = (folder / "handled.csv").read_text().splitlines()[0] + "\n"
    (folder / file).unlink()
    if text is not None:
        (folder / file).write_text(header + text if text.startswith("1,") else text)
    with pytest.raises(NotFoundError if text is None else CratewatchError, match=said):
        record_run(folder, catalog, FolderLake(home / "lake"), DOOR)
    assert recorded(catalog) == []


def test_a_run_that_broke_off_is_not_recorded(tmp_path: Path, home: Path, catalog: Catalog) -> None:
    folder = write_run(tmp_path / "run", [handling(1)], sha256=SHA, complete=False)
    with pytest.raises(CratewatchError, match="did not come to its end"):
        record_run(folder, catalog, FolderLake(home / "lake"), DOOR)


def test_a_stream_is_recorded_while_it_goes_on(
    tmp_path: Path, catalog: Catalog, lake: Lake
) -> None:
    filmed = replace(DOOR, started_at=None)

    def seen(n: int, *, complete: bool = False) -> Path:
        handlings = [handling(number) for number in range(1, n + 1)]
        begun_at = TEN.isoformat()
        return write_run(tmp_path / "run", handlings, begun_at=begun_at, complete=complete)

    assert record_so_far(seen(1), catalog, lake, filmed) == 1
    assert record_so_far(seen(3), catalog, lake, filmed) == 2
    assert record_so_far(seen(3), catalog, lake, filmed) == 0
    run = recorded(catalog)[0].footage_run
    for key in catalog.handlings.pictures(run).values():
        lake.delete(key)
    catalog.handlings.forget_persons(run, NOW + timedelta(days=31), NOW)

    assert record_run(seen(4, complete=True), catalog, lake, filmed) == Recorded(run, 4, 0, 1)
    assert [(h.number, h.crop_key is not None) for h in recorded(catalog)] == [
        *((1, False), (2, False), (3, False), (4, True)),
    ]
    assert list(lake.keys("footage")) == [f"footage/{run}/00004.jpg"]


def test_what_may_not_be_kept_is_forgotten(tmp_path: Path, catalog: Catalog, lake: Lake) -> None:
    folder = write_run(tmp_path / "run", [handling(1), handling(2)], sha256=SHA)
    record_run(folder, catalog, lake, DOOR)
    lake.write("footage/stray/00001.jpg", b"")

    def forget(days: float, **kept: Any) -> Forgotten:
        given = {"crops_days": 30.0, "handlings_days": 90.0} | kept
        return forget_footage(catalog, lake, Kept(**given), NOW + timedelta(days=days))

    assert forget(0) == Forgotten(0, 0, 0)
    assert len(list(lake.keys("footage"))) == 3
    assert forget(20) == Forgotten(0, 1, 0), "nothing tells of the stray"
    assert forget(20, crops_days=19) == Forgotten(1, 2, 0), "a shorter time counts at once"
    assert list(lake.keys("footage")) == []
    assert [(h.crop_key, h.person, h.seconds) for h in recorded(catalog)] == [
        (None, -1, 4.0),
        (None, -2, 4.0),
    ]
    assert forget(91) == Forgotten(0, 0, 2)
    assert recorded(catalog) == []
