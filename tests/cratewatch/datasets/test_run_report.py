from pathlib import Path

import numpy as np
import pytest

from cratewatch.datasets.run_report import CONTACT_SHEET, RunReport, publish, verify
from cratewatch.datasets.shards import Manifest, RunFolder, Sample, start_run, write_shard
from cratewatch.errors import CratewatchError
from cratewatch.lake.folder import FolderLake
from cratewatch.synthesis.query import draw_query
from cratewatch.synthesis.scene import SceneConfig


def draw(folder: RunFolder, settings: dict[str, object]) -> Manifest:
    """Write a run of three samples in two shards, of severity 0.2, 0.2 and 0.8."""
    manifest = Manifest("r", "e", 0, 3, 2, "all", "", {}, settings)
    start_run(folder, manifest)
    query = draw_query(np.full((64, 64, 3), 128, np.uint8), "c", 1, SceneConfig())
    for shard, severity in ((0, 0.2), (1, 0.8)):
        samples = [
            Sample(f"{n:09d}", query.jpeg, query.label) for n in manifest.sample_range(shard)
        ]
        told = {"severity": severity, "occluded_fraction": 0.5, "left_out": {"cover_gone": ["c"]}}
        write_shard(folder, shard, samples, told | {"rejected": {"black": 1}, "dropped": shard})
    return manifest


def test_means_are_over_samples_and_counts_over_shards(tmp_path: Path) -> None:
    folder = RunFolder(FolderLake(tmp_path), "queries/r")
    manifest = draw(folder, {})
    verify(manifest, folder)
    report = publish(manifest, folder)
    where = f"{tmp_path}/queries/r"
    assert report == RunReport("r", where, 3, 2, 0.4, 0.5, {"cover_gone": 2})
    assert set(report.as_json()) == {
        "run", "folder", "samples", "shards", "severity", "occluded_fraction", "left_out",
    }  # fmt: skip
    assert folder.lake.exists(f"queries/r/{CONTACT_SHEET}")


def test_an_engine_with_a_gate_tells_what_it_rejected(tmp_path: Path) -> None:
    folder = RunFolder(FolderLake(tmp_path))
    told = publish(draw(folder, {"model": "m"}), folder).as_json()
    assert (told["rejected"], told["dropped"]) == ({"black": 2}, 1)


def test_a_broken_shard_is_to_be_drawn_again(tmp_path: Path) -> None:
    folder = RunFolder(FolderLake(tmp_path))
    manifest = draw(folder, {})
    (tmp_path / "shard-00001.tar").write_bytes(b"cut off")
    with pytest.raises(CratewatchError, match="1 shards are not whole, first number 1"):
        verify(manifest, folder)
    assert folder.not_done(manifest) == [1]
