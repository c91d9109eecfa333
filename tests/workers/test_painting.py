import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cratewatch.catalog.records import Cover
from cratewatch.datasets.samples import Material
from cratewatch.datasets.shards import Manifest, RunFolder, read_samples, read_statistics
from cratewatch.errors import CratewatchError, UnavailableError
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import Lake, cover_key
from cratewatch.synthesis.diffusion.config import GligenConfig
from cratewatch.synthesis.painted_query import PaintConfig
from cratewatch.synthesis.painting import PaintRequest
from cratewatch.synthesis.scene_file import GivenScene
from tests.late import Late
from tests.scripts import run_script
from workers import painting
from workers.brush import Brush
from workers.cluster import Workers
from workers.drawing import plan_run
from workers.forecast import forecast
from workers.painting import paint_instead, paint_run
from workers.pool import Quarantined

architectures = Late("cratewatch.synthesis.diffusion.architectures")
NODE_DEATH = Path(__file__).with_name("paint_on_dying_node.py")


@pytest.fixture(scope="session")
def brush(tmp_path_factory: pytest.TempPathFactory) -> Brush:
    """A tiny GLIGEN of random weights, and few steps."""
    folder = tmp_path_factory.mktemp("gligen")
    architectures.make_model(folder)
    config = GligenConfig(steps=2, batch=2, precision="fp32", device="cpu")
    return Brush("gligen", str(folder), config, PaintConfig(side_px=96, attempts=2))


@pytest.fixture
def cover_ids(imported: list[Cover]) -> list[str]:
    return [cover.cover_id for cover in imported]


def material(lake: Lake, cover_ids: list[str], brush: Brush, *scenes: GivenScene) -> Material:
    manifest = replace(plan_run("run", cover_ids, 10, 1, "all"), shard_size=4)
    return paint_instead(Material(lake, manifest, cover_ids, scenes), brush)


def one(count: int = 1) -> Workers:
    return Workers(count, 1, gpu=False)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.slow
@pytest.mark.usefixtures("ray_cluster")
def test_same_seed_same_bytes_by_two_painters_and_after_a_cut_also_without_a_cover(
    lake: Lake, cover_ids: list[str], brush: Brush, tmp_path: Path
) -> None:
    wanted = material(lake, cover_ids, brush)
    gone = wanted.cover_id(5)
    lake.delete(cover_key(gone))
    whole, cut = RunFolder(FolderLake(tmp_path / "whole")), RunFolder(FolderLake(tmp_path / "cut"))
    results = list(paint_run(wanted, whole, brush, one(2)))
    assert sorted(result.shard for result in results) == [0, 1, 2]
    assert sum(result.left_out for result in results) == 1
    started = paint_run(wanted, cut, brush, one())
    next(started)
    started.close()  # type: ignore[attr-defined]
    left = cut.not_done(wanted.manifest)
    assert left
    rest = list(paint_run(wanted, cut, brush, one()))
    assert sorted(result.shard for result in rest) == left
    assert files(tmp_path / "cut") == files(tmp_path / "whole")
    labels = {sample.key: sample.label for sample in read_samples(whole)}
    assert {label["engine"] for label in labels.values()} == {"gligen"}
    assert read_statistics(whole, 1)["left_out"] == {"cover_gone": [gone]}
    assert "000000005" not in labels
    dropped = sum(read_statistics(whole, n).get("dropped", 0) for n in range(3))
    assert len(labels) == 10 - 1 - dropped


@pytest.mark.slow
@pytest.mark.usefixtures("ray_cluster")
def test_a_lake_that_is_away_stops_the_painting(
    cover_ids: list[str], brush: Brush, tmp_path: Path
) -> None:
    wanted = material(FolderLake(tmp_path / "unmounted"), cover_ids, brush)
    out = RunFolder(FolderLake(tmp_path / "out"))
    with pytest.raises(UnavailableError, match="not one of 8 covers that were looked for is there"):
        list(paint_run(wanted, out, brush, one()))
    assert not list((tmp_path / "out").glob("shard-*"))


@pytest.mark.usefixtures("ray_cluster")
@pytest.mark.slow
def test_a_model_that_does_not_fit_is_one_line_at_once(
    lake: Lake, cover_ids: list[str], brush: Brush, tmp_path: Path
) -> None:
    wanted, out = material(lake, cover_ids, brush), RunFolder(FolderLake(tmp_path / "out"))
    wrong = replace(brush, model=str(tmp_path / "nowhere"))
    with pytest.raises(CratewatchError, match="nowhere") as raised:
        list(paint_run(wanted, out, wrong, one()))
    assert "\n" not in str(raised.value)
    assert not list((tmp_path / "out").glob("*.tar"))


@pytest.mark.slow
@pytest.mark.usefixtures("ray_cluster")
def test_a_forecast_reckons_from_a_few_samples_and_keeps_none(
    lake: Lake, cover_ids: list[str], brush: Brush
) -> None:
    wanted = material(lake, cover_ids, brush)
    manifest = replace(wanted.manifest, n_samples=1_000_000, shard_size=250)
    million = replace(wanted, manifest=manifest)
    before = list(lake.keys(""))
    painted, drawn = forecast(million, brush, one(2)), forecast(million, None, one(2))
    for made in (painted, drawn):
        assert (made.samples, made.shards, made.workers) == (1_000_000, 4000, 2)
        assert made.hours == pytest.approx(1_000_000 / made.images_per_s / 3600, rel=0.01)
        assert made.hours_least - 0.01 <= 0.8 * made.hours
        assert 1.2 * made.hours <= made.hours_most + 0.01
        assert made.measured_on >= 24
        assert made.gpu_hours == 0
        assert made.images_per_s > 0
        assert 1_000 < made.storage_bytes / 1_000_000 < 100_000
    assert list(lake.keys("")) == before


class Lost:
    """A pool whose first shard no painter survives."""

    def map(self, _: object, items: list[int]) -> Iterator[Any]:
        yield Quarantined(items[0], "ActorDiedError: the GPU fell off the bus")


def test_a_shard_that_no_painter_survives_is_set_aside_with_its_reason(
    lake: Lake, cover_ids: list[str], brush: Brush, tmp_path: Path
) -> None:
    wanted, out = material(lake, cover_ids, brush), RunFolder(FolderLake(tmp_path / "out"))
    lost: Any = Lost()
    (result,) = painting._painted(wanted, out, [2], lost)
    assert (result.shard, result.drawn) == (2, 0)
    assert "fell off the bus" in result.failed["000000008"]
    assert b"fell off the bus" in out.lake.read("shard-00002.failed")
    assert 2 in out.not_done(wanted.manifest)


def test_given_scenes_are_painted_in_turn(lake: Lake, cover_ids: list[str], brush: Brush) -> None:
    box = {"phrase": "a hand", "xyxy": (0.2, 0.2, 0.6, 0.6)}
    line = {"seed": 1, "boxes": (box,), "cover_id": cover_ids[3]}
    given = GivenScene.model_validate(line)
    bare = GivenScene.model_validate({"seed": 2, "boxes": ()})
    wanted = material(lake, cover_ids, brush, given, bare)
    assert [wanted.given_scene(n) for n in range(3)] == [given, bare, given]
    assert wanted.cover_id(0) == wanted.cover_id(2) == cover_ids[3]
    assert (
        wanted.manifest.settings["scenes"]
        != material(lake, cover_ids, brush, given).manifest.settings["scenes"]
    )
    assert wanted.manifest.is_noise  # the brush's model was never trained
    trained = material(lake, cover_ids, replace(brush, model="owner/gligen@revision"))
    assert not trained.manifest.is_noise


def test_an_engine_is_asked_by_one_thread_at_a_time() -> None:
    inside: list[int] = []
    most: list[int] = []

    class Slow:
        name, batch = "slow", 1

        def paint(self, _: list[PaintRequest]) -> list[Any]:
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.02)
            inside.pop()
            return []

    engine = painting.OneAtATime(Slow())  # type: ignore[arg-type]
    threads = [threading.Thread(target=engine.paint, args=([],)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1, 1]


@pytest.mark.slow
def test_a_node_that_dies_costs_no_sample(
    lake: FolderLake, cover_ids: list[str], brush: Brush, tmp_path: Path
) -> None:
    """Two nodes beside the head; one is killed in mid-run, with its painter and its shards."""
    task = {
        "lake": str(lake.root),
        "covers": cover_ids,
        "model": brush.model,
        "undisturbed": str(tmp_path / "undisturbed"),
        "disturbed": str(tmp_path / "disturbed"),
        "ray": str(tmp_path / "ray"),
    }
    assert "a node was killed" in run_script(NODE_DEATH, task)
    assert files(tmp_path / "disturbed") == files(tmp_path / "undisturbed")
    assert len(list((tmp_path / "disturbed").glob("*.done"))) == 6


def test_manifests_of_before_are_read(tmp_path: Path) -> None:
    manifest = plan_run("run", ["a"], 1, 0, "all")
    fields = {key: value for key, value in vars(manifest).items() if key != "settings"}
    assert Manifest(**fields) == manifest
