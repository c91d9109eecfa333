import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cratewatch.catalog.records import Cover
from cratewatch.datasets.samples import (
    DrawnSamples,
    Material,
    ShardResult,
    keep_shard,
    require_any,
    until_failures,
)
from cratewatch.datasets.shards import Manifest, RunFolder, read_samples, read_statistics, start_run
from cratewatch.errors import CratewatchError, UnavailableError
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import Lake, cover_key
from workers.drawing import plan_run
from workers.synthesis import draw_run


@pytest.fixture
def cover_ids(imported: list[Cover]) -> list[str]:
    return [cover.cover_id for cover in imported]


def plan(cover_ids: list[str], seed: int = 1, samples: int = 30) -> Manifest:
    from dataclasses import replace

    return replace(plan_run("run", cover_ids, samples, seed, "all"), shard_size=8)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.usefixtures("ray_cluster")
def test_same_seed_same_bytes_whatever_the_number_of_workers(
    lake: Lake, cover_ids: list[str], tmp_path: Path
) -> None:
    for workers in (1, 2):
        out = RunFolder(FolderLake(tmp_path / str(workers)))
        drawn = list(draw_run(Material(lake, plan(cover_ids), cover_ids), out, workers))
        assert sorted(shard.shard for shard in drawn) == [0, 1, 2, 3]
        assert sum(shard.drawn for shard in drawn) == 30
    assert files(tmp_path / "1") == files(tmp_path / "2")
    other = RunFolder(FolderLake(tmp_path / "other"))
    list(draw_run(Material(lake, plan(cover_ids, seed=2), cover_ids), other, 2))
    assert files(tmp_path / "1")["shard-00000.tar"] != files(tmp_path / "other")["shard-00000.tar"]


@pytest.mark.usefixtures("ray_cluster")
def test_a_run_that_was_cut_off_ends_like_one_that_was_not(
    lake: Lake, cover_ids: list[str], tmp_path: Path
) -> None:
    whole, cut = RunFolder(FolderLake(tmp_path / "whole")), RunFolder(FolderLake(tmp_path / "cut"))
    list(draw_run(Material(lake, plan(cover_ids), cover_ids), whole, 2))
    next(draw_run(Material(lake, plan(cover_ids), cover_ids), cut, 1))
    done = [path.name for path in (tmp_path / "cut").glob("*.done")]
    assert 1 <= len(done) < 4
    rest = list(draw_run(Material(lake, plan(cover_ids), cover_ids), cut, 2))
    assert len(rest) <= 4 - len(done)
    assert files(tmp_path / "cut") == files(tmp_path / "whole")


@pytest.mark.usefixtures("ray_cluster")
def test_every_cover_is_drawn_equally_often_with_its_label(
    lake: Lake, cover_ids: list[str], tmp_path: Path
) -> None:
    out = RunFolder(FolderLake(tmp_path / "out"))
    list(draw_run(Material(lake, plan(cover_ids, samples=48), cover_ids), out, 2))
    samples = list(read_samples(out))
    drawn = [sample.label["cover_id"] for sample in samples]
    assert sorted(drawn) == sorted(cover_ids * 2)
    assert sorted(drawn[:24]) == sorted(cover_ids)
    assert len({sample.label["seed"] for sample in samples}) == 48
    for sample in samples:
        with Image.open(io.BytesIO(sample.jpeg)) as image:
            assert list(image.size) == list(sample.label["size_px"])
    shares = [sample.label["occluded_fraction"] for sample in samples[:8]]
    assert read_statistics(out, 0)["occluded_fraction"] == pytest.approx(np.mean(shares), abs=1e-4)


@pytest.mark.usefixtures("ray_cluster")
def test_covers_gone_or_broken_cost_their_samples_alone(
    lake: Lake, cover_ids: list[str], tmp_path: Path
) -> None:
    material = Material(lake, plan(cover_ids), cover_ids)
    whole = RunFolder(FolderLake(tmp_path / "whole"))
    list(draw_run(material, whole, 2))
    gone, broken = material.cover_id(3), material.cover_id(9)
    lake.delete(cover_key(gone))
    lake.write(cover_key(broken), b"broken")
    hit = {n for n in range(30) if material.cover_id(n) in (gone, broken)}
    for workers in (1, 2):
        out = RunFolder(FolderLake(tmp_path / str(workers)))
        drawn = list(draw_run(material, out, workers))
        assert sum(shard.left_out for shard in drawn) == len(hit)
    assert files(tmp_path / "1") == files(tmp_path / "2")
    left = [sample for sample in read_samples(whole) if int(sample.key) not in hit]
    assert list(read_samples(out)) == left
    assert read_statistics(out, 0)["left_out"] == {"cover_gone": [gone]}
    assert read_statistics(out, 1)["left_out"] == {"not_an_image": [broken]}
    cut = RunFolder(FolderLake(tmp_path / "cut"))
    next(draw_run(material, cut, 1))
    list(draw_run(material, cut, 2))
    assert files(tmp_path / "cut") == files(tmp_path / "1")


@pytest.mark.usefixtures("ray_cluster")
def test_a_lake_that_is_away_stops_the_run(cover_ids: list[str], tmp_path: Path) -> None:
    unmounted = FolderLake(tmp_path / "unmounted")
    out = RunFolder(FolderLake(tmp_path / "out"))
    with pytest.raises(UnavailableError, match="not one of 8 covers that were looked for is there"):
        list(draw_run(Material(unmounted, plan(cover_ids), cover_ids), out, 2))
    assert not list((tmp_path / "out").glob("shard-*"))


@pytest.mark.usefixtures("ray_cluster")
def test_a_sample_that_cannot_be_drawn_costs_its_shard_until_it_can(
    lake: Lake, cover_ids: list[str], tmp_path: Path
) -> None:
    material, out = Material(lake, plan(cover_ids), cover_ids), RunFolder(FolderLake(tmp_path))
    drawn = DrawnSamples(failed={"000000003": "ValueError: a bug"})
    start_run(out, material.manifest)
    keep_shard(out, 0, drawn)
    assert 0 in out.not_done(material.manifest)
    assert b"a bug" in out.lake.read("shard-00000.failed")
    assert 0 in [shard.shard for shard in draw_run(material, out, 2)]
    assert not out.lake.exists("shard-00000.failed")
    assert len(list(read_samples(out))) == 30


def test_a_run_that_failed_says_so_at_its_end() -> None:
    results = [ShardResult(0, 0, 0, {"000000003": "ValueError: a bug"}), ShardResult(1, 8, 0, {})]
    passed = until_failures("run", results)
    assert [next(passed), next(passed)] == results
    with pytest.raises(CratewatchError, match="1 samples failed, first 000000003: ValueError"):
        next(passed)


def test_a_run_without_a_sample_says_why() -> None:
    require_any(1, {"cover_gone": 3})
    with pytest.raises(CratewatchError, match=r"not one sample .*\(black 2, cover_gone 3\)"):
        require_any(0, {"cover_gone": 3, "black": 2})


def test_nothing_to_draw_from_is_an_error() -> None:
    with pytest.raises(CratewatchError, match="import or refresh first"):
        plan_run("run", [], 10, 0, "test")
