import io
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import webdataset
from webdataset.tariterators import group_by_keys, tar_file_expander

from cratewatch.datasets.shards import (
    Manifest,
    RunFolder,
    Sample,
    check_shard,
    read_manifest,
    read_samples,
    read_statistics,
    record_failed_shard,
    run_in_lake,
    start_run,
    write_shard,
)
from cratewatch.errors import CratewatchError
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.opening import open_lake

MANIFEST = Manifest(
    run="run",
    engine="composite",
    seed=1,
    n_samples=5,
    shard_size=2,
    split="train",
    covers="digest",
    scene={},
)


def sample(number: int) -> Sample:
    return Sample(f"{number:09d}", f"jpeg {number}".encode(), {"cover_id": "c", "seed": number})


@pytest.fixture(params=["folder", "s3"])
def folder(request: pytest.FixtureRequest, lake: FolderLake) -> RunFolder:
    if request.param == "folder":
        return run_in_lake(lake, "run")
    return run_in_lake(open_lake(request.getfixturevalue("s3_location")), "run")


def write(folder: RunFolder, shard: int) -> None:
    samples = [sample(number) for number in MANIFEST.sample_range(shard)]
    write_shard(folder, shard, samples, {"severity": 0.5})


def test_the_samples_of_all_shards_are_the_samples_asked_for() -> None:
    assert MANIFEST.n_shards == 3
    assert [list(MANIFEST.sample_range(n)) for n in range(3)] == [[0, 1], [2, 3], [4]]


def test_what_is_written_is_read_in_order(folder: RunFolder) -> None:
    assert start_run(folder, MANIFEST) == [0, 1, 2]
    for shard in (2, 0, 1):
        write(folder, shard)
    assert list(read_samples(folder)) == [sample(number) for number in range(5)]
    assert read_statistics(folder, 2) == {"samples": 1, "severity": 0.5}


def test_only_shards_without_a_done_marker_are_left_to_do(folder: RunFolder) -> None:
    start_run(folder, MANIFEST)
    write(folder, 1)
    folder.lake.write(folder.key("shard-00002.tar"), b"killed before the marker")
    assert start_run(folder, MANIFEST) == [0, 2]
    with pytest.raises(CratewatchError, match=r"2 of 3 shards are not done, first shard-00000"):
        list(read_samples(folder))


def test_a_run_is_not_mixed_from_two_requests(folder: RunFolder) -> None:
    start_run(folder, MANIFEST)
    with pytest.raises(CratewatchError, match="other parameters"):
        start_run(folder, replace(MANIFEST, seed=2))


def test_of_two_requests_that_meet_one_is_refused(folder: RunFolder) -> None:
    barrier = threading.Barrier(2)

    def start(seed: int) -> bool:
        barrier.wait()
        try:
            start_run(folder, replace(MANIFEST, seed=seed))
        except CratewatchError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        started = list(pool.map(start, (0, 1)))
    assert sorted(started) == [False, True]
    assert read_manifest(folder).seed == started.index(True)


def test_the_first_done_marker_stays(folder: RunFolder) -> None:
    write(folder, 0)
    write_shard(folder, 0, [sample(0)], {"severity": 0.9})
    assert read_statistics(folder, 0) == {"samples": 2, "severity": 0.5}


def test_same_samples_same_bytes_whenever_written(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, 0)
    first = folder.lake.read(folder.key("shard-00000.tar"))
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    write(folder, 0)
    assert folder.lake.read(folder.key("shard-00000.tar")) == first


def test_a_shard_is_what_webdataset_writes_and_reads(folder: RunFolder) -> None:
    write(folder, 0)
    data = folder.lake.read(folder.key("shard-00000.tar"))
    samples = [
        {"__key__": s.key, "jpg": s.jpeg, "json": json.dumps(s.label, sort_keys=True).encode()}
        for s in (sample(0), sample(1))
    ]
    theirs = io.BytesIO()
    with webdataset.TarWriter(theirs, user="cratewatch", group="cratewatch", mtime=0) as tar:
        for one in samples:
            tar.write(one)
    assert data == theirs.getvalue()
    stream = {"url": "shard-00000.tar", "stream": io.BytesIO(data)}
    read = list(group_by_keys(tar_file_expander([stream])))
    assert [{name: one[name] for name in samples[0]} for one in read] == samples


def test_a_failed_shard_is_not_done(folder: RunFolder) -> None:
    start_run(folder, MANIFEST)
    record_failed_shard(folder, 0, {"000000001": "ImageError: truncated"})
    assert 0 in folder.not_done(MANIFEST)
    assert b"truncated" in folder.lake.read(folder.key("shard-00000.failed"))
    write(folder, 0)
    assert 0 not in folder.not_done(MANIFEST)
    assert not folder.lake.exists(folder.key("shard-00000.failed"))


@pytest.mark.parametrize("harm", ["cut short", "gone", "a sample less"])
def test_a_shard_that_is_not_what_its_marker_says_is_to_be_drawn_again(
    tmp_path: Path, harm: str
) -> None:
    folder = RunFolder(FolderLake(tmp_path))
    start_run(folder, MANIFEST)
    for shard in range(2):
        write_shard(folder, shard, [sample(2 * shard), sample(2 * shard + 1)], {})
    assert check_shard(folder, 0)
    assert check_shard(folder, 1)
    tar = folder.key("shard-00001.tar")
    whole = folder.lake.read(tar)
    if harm == "cut short":
        folder.lake.write(tar, whole[: len(whole) // 3])
    elif harm == "gone":
        folder.lake.delete(tar)
    else:
        done = folder.lake.read("shard-00001.done")
        folder.lake.delete("shard-00001.done")
        write_shard(folder, 1, [sample(2)], {})
        folder.lake.write("shard-00001.done", done)
    assert not check_shard(folder, 1)
    assert check_shard(folder, 0)
    assert folder.not_done(MANIFEST) == [1, 2]
