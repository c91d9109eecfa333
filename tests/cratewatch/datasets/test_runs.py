"""Runs are found by split, by name and by path."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from cratewatch.datasets.runs import find_run, latest_run
from cratewatch.datasets.shards import (
    PAINTED_NOISE,
    Manifest,
    RunFolder,
    Sample,
    read_manifest,
    read_samples,
    run_in_lake,
    start_run,
    write_shard,
)
from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import Lake

MANIFEST = Manifest("run", "composite", 1, 2, 2, "train", "digest", {})


def test_the_latest_run_of_a_split_is_found(lake: FolderLake) -> None:
    for age, (run, split) in enumerate([("c", "train"), ("b", "test"), ("a", "train")]):
        folder = run_in_lake(lake, run)
        start_run(folder, replace(MANIFEST, run=run, split=split))
        os.utime(lake.root / folder.key("manifest.json"), (1000 + age, 1000 + age))
    assert latest_run(lake, "train").prefix == "queries/a"
    assert latest_run(lake, "test").prefix == "queries/b"
    assert find_run(lake, "c", "train").prefix == "queries/c"
    start_run(run_in_lake(lake, "c"), replace(MANIFEST, run="c"))
    assert latest_run(lake, "train").prefix == "queries/c", "it was taken up again"


def test_what_random_weights_painted_is_taken_by_its_name_alone(lake: FolderLake) -> None:
    noise = replace(MANIFEST, run="noise", settings={PAINTED_NOISE: True})
    start_run(run_in_lake(lake, "noise"), noise)
    with pytest.raises(NotFoundError, match=r"but of models with random weights \(noise: ask"):
        latest_run(lake, "train")
    assert find_run(lake, "noise", "train").prefix == "queries/noise"
    start_run(run_in_lake(lake, "drawn"), replace(MANIFEST, run="drawn"))
    os.utime(lake.root / "queries" / "drawn" / "manifest.json", (1000, 1000))
    assert latest_run(lake, "train").prefix == "queries/drawn"


def test_a_run_of_the_future_is_not_the_latest_for_ever(lake: FolderLake) -> None:
    for age, run in ((4e9, "future"), (1000, "now")):
        folder = run_in_lake(lake, run)
        start_run(folder, replace(MANIFEST, run=run))
        assert latest_run(lake, "train").prefix == folder.prefix
        os.utime(lake.root / folder.key("manifest.json"), (age, age))
    assert latest_run(lake, "train").prefix == "queries/now"


def test_no_name_leaves_the_lake(
    lake: FolderLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    for name in ("..", ".", "../x", "/", "a\udc80"):
        with pytest.raises(NotFoundError, match="neither a run of the lake"):
            find_run(lake, name, "train")
    start_run(RunFolder(FolderLake(tmp_path)), MANIFEST)
    assert find_run(lake, "..", "train").lake.exists("manifest.json"), "a folder may be called so"


@pytest.mark.parametrize("manifest", ["", "[]", "{}", "null", "\udcff"])
def test_a_manifest_of_something_else_is_named(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "manifest.json").write_text(manifest, errors="surrogateescape")
    with pytest.raises(CratewatchError, match=r"manifest.json: no manifest of a run"):
        read_manifest(RunFolder(FolderLake(tmp_path)))


def test_a_run_may_lie_in_a_folder_of_its_own(
    lake: FolderLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.root.mkdir(parents=True)
    folder = RunFolder(FolderLake(tmp_path / "mine"))
    start_run(folder, MANIFEST)
    samples = [Sample(f"{n:09d}", b"a jpeg", {"cover_id": "c"}) for n in range(2)]
    write_shard(folder, 0, samples, {})
    assert (tmp_path / "mine" / "shard-00000.tar").is_file()
    monkeypatch.chdir(lake.root)
    for name in (str(tmp_path / "mine"), os.path.relpath(tmp_path / "mine")):
        assert len(list(read_samples(find_run(lake, name, "train")))) == 2
    found = find_run(lake, str(tmp_path / "mine"), "train")
    assert list(read_samples(found)) == samples


def test_what_is_missing_is_named(lake: Lake) -> None:
    with pytest.raises(NotFoundError, match="synthesize --split test"):
        latest_run(lake, "test")
    with pytest.raises(NotFoundError, match="'nope'"):
        find_run(lake, "nope", "test")
