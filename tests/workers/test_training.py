import json
import os
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import psutil
import pytest
import ray

from cratewatch.catalog.catalog import open_catalog
from cratewatch.catalog.records import Cover
from cratewatch.datasets.shards import Manifest, Sample, run_in_lake, start_run, write_shard
from cratewatch.embedding.loading import load_model
from cratewatch.embedding.saved_models import train_artworks
from cratewatch.errors import CratewatchError
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import cover_key
from cratewatch.training.config import Draw, LossConfig, TrainConfig
from cratewatch.training.progress import TrainProgress
from tests.scripts import run_script
from tests.templates import Template
from tests.tiny import TINY
from workers.cluster import Workers, cpus, fit_workers
from workers.mailbox import TrainedModel
from workers.training import run_training
from workers.training_job import Job

pytestmark = pytest.mark.usefixtures("ray_cluster")

NODE_DEATH = Path(__file__).with_name("train_on_dying_node.py")
CONFIG = TrainConfig(
    model=TINY,
    loss=LossConfig("infonce"),
    draw=Draw(artworks=8, images_each=2, sketched=1.0),
    steps=6,
    round_steps=2,
    precision="fp32",
    drawers=0,
)


def job(lake: FolderLake, covers: list[Cover], config: TrainConfig = CONFIG) -> Job:
    """Train on sketches of 16 covers, validate on 8."""
    of = {cover.cover_id: cover.artwork_id for cover in covers}
    ids = sorted(of)
    seen, unseen = ({c: of[c] for c in part} for part in (ids[:16], ids[16:]))
    return Job(lake, None, seen, unseen, config)


def split(events: Iterator[object]) -> tuple[list[TrainProgress], TrainedModel]:
    *progress, model = events
    assert isinstance(model, TrainedModel)
    assert all(isinstance(event, TrainProgress) for event in progress)
    return progress, model  # type: ignore[return-value]


@dataclass
class Trained:
    """What one worker made of the covers."""

    job: Job
    progress: list[TrainProgress]
    model: TrainedModel


@pytest.fixture(scope="module")
def alone(
    tmp_path_factory: pytest.TempPathFactory, template: Template, ray_cluster: None
) -> Trained:
    home = tmp_path_factory.mktemp("alone")
    template.tidy_covers()
    with closing(open_catalog(f"sqlite:///{home / 'catalog.db'}")) as catalog:
        template.copy_import(home)
        one = job(FolderLake(home / "lake"), catalog.covers.all())
    return Trained(one, *split(run_training(one, Workers(1, 1, gpu=False))))


def test_a_training_tells_its_progress_and_leaves_a_model(alone: Trained) -> None:
    one, progress, model = alone.job, alone.progress, alone.model
    lake = one.lake
    assert [p.step for p in progress] == [1, 2, 3, 4, 5, 6]
    assert progress[-1].recall is not None
    assert model.artworks == 16
    assert model.recall_at_1 is not None
    assert load_model(lake, model.name).config == CONFIG.model
    assert train_artworks(lake, model.name) == set(one.artwork_of.values())
    assert list(lake.keys("checkpoints")) == []
    rows = lake.read(f"models/{model.name}/confused.csv").decode().splitlines()
    assert rows[0] == "artwork,taken_for"
    assert {name for row in rows[1:] for name in row.split(",")} <= set(one.artwork_of.values())
    assert all(len(set(row.split(","))) == 2 for row in rows)


@pytest.mark.slow
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="two workers need two CPUs")
def test_two_workers_learn_as_one_does(
    lake: FolderLake, imported: list[Cover], alone: Trained
) -> None:
    one = alone.progress
    two, model = split(run_training(job(lake, imported), Workers(2, 1, gpu=False)))
    # Batch statistics are those of a half batch, so that the curves agree but for some noise.
    np.testing.assert_allclose([p.loss for p in two], [p.loss for p in one], rtol=0.25, atol=0.1)
    assert model.artworks == 16


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2])
def test_a_worker_that_is_killed_goes_on_from_the_checkpoint(
    lake: FolderLake, imported: list[Cover], count: int
) -> None:
    if count > cpus():
        pytest.skip("two workers need two CPUs")
    workers = Workers(count, 1, gpu=False)
    long = job(lake, imported, replace(CONFIG, steps=80, round_steps=4))
    _, undisturbed = split(run_training(long, workers))
    steps: list[int] = []
    killed, model = 0, None
    for event in run_training(long, workers):
        if isinstance(event, TrainedModel):
            model = event
            continue
        steps.append(event.step)
        if not killed and list(lake.keys("checkpoints")):
            killed = _kill_worker()
    assert killed
    assert steps[-1] == 80
    assert model is not None
    assert model.name == undisturbed.name  # which tells the weights


def _kill_worker() -> int:
    for process in psutil.Process().children(recursive=True):
        if {"ray::RayTrainWorker", "ray::work"} & set(process.cmdline()):
            process.send_signal(signal.SIGKILL)
            return process.pid
    return 0


@pytest.mark.slow
def test_a_node_that_is_killed_is_replaced_or_missed_aloud(
    lake: FolderLake, imported: list[Cover]
) -> None:
    task = {"lake": str(lake.root), "covers": sorted(cover.cover_id for cover in imported)}
    report = json.loads(run_script(NODE_DEATH, task)[-1])
    assert report["disturbed"] == report["undisturbed"]  # the name tells the weights
    assert "2 workers of 1 CPUs no longer fit" in report["lost"]
    assert report["checkpoints"] == "1"


def test_what_the_user_can_mend_is_said_and_not_tried_again(
    lake: FolderLake, imported: list[Cover]
) -> None:
    small = replace(CONFIG, loss=LossConfig("infonce", memory=4))
    with pytest.raises(CratewatchError, match="--memory: 4 is less than a batch of 16 images"):
        list(run_training(job(lake, imported, small), Workers(1, 1, gpu=False)))
    few = replace(job(lake, imported[:7]), validation={})
    with pytest.raises(CratewatchError, match="only 7 artworks"):
        list(run_training(few, Workers(1, 1, gpu=False)))


def test_too_few_validation_artworks_are_not_asked(lake: FolderLake, imported: list[Cover]) -> None:
    whole = job(lake, imported)
    few = replace(whole, validation=dict(list(whole.validation.items())[:2]))
    _, model = split(run_training(few, Workers(1, 1, gpu=False)))
    assert model.artworks == 16
    assert model.recall_at_1 is None


def test_a_run_of_another_catalog_is_refused(lake: FolderLake, imported: list[Cover]) -> None:
    folder = run_in_lake(lake, "foreign")
    manifest = Manifest("foreign", "composite", 0, 5, 250, "train", "", {})
    start_run(folder, manifest)
    picture = lake.read(cover_key(imported[0].cover_id))
    shown = [min(cover.cover_id for cover in imported), *["of another"] * 4]
    samples = [Sample(f"{n:09}", picture, {"cover_id": cover}) for n, cover in enumerate(shown)]
    write_shard(folder, 0, samples, {})
    foreign = replace(job(lake, imported), queries=folder)
    with pytest.raises(CratewatchError, match="queries foreign: 1 of its 5 show a cover"):
        list(run_training(foreign, Workers(1, 1, gpu=False)))


def test_workers_that_do_not_fit_are_refused() -> None:
    cpus = int(ray.cluster_resources()["CPU"])
    assert fit_workers(0) == Workers(1, cpus, gpu=False)
    assert fit_workers(cpus) == Workers(cpus, 1, gpu=False)
    with pytest.raises(CratewatchError, match=f"{cpus + 1} workers do not fit"):
        fit_workers(cpus + 1)
    with pytest.raises(CratewatchError, match="the Ray cluster has no GPU"):
        fit_workers(1, gpu=True)


@pytest.mark.parametrize(
    ("nodes", "asked", "fitted"),
    [
        ([{"CPU": 8.0}, {"CPU": 4.0}], 3, Workers(3, 4, gpu=False)),
        ([{"CPU": 8.0}, {"CPU": 3.0}], 3, Workers(3, 3, gpu=False)),
        ([{"CPU": 8.0, "GPU": 2.0}, {"CPU": 8.0, "GPU": 2.0}], 0, Workers(4, 4, gpu=True)),
        ([{"CPU": 2.0}, {"CPU": 16.0, "GPU": 1.0}], 0, Workers(1, 16, gpu=True)),
    ],
)
def test_workers_share_the_nodes(
    monkeypatch: pytest.MonkeyPatch,
    nodes: list[dict[str, float]],
    asked: int,
    fitted: Workers,
) -> None:
    alive = [{"Alive": True, "Resources": node} for node in nodes]
    monkeypatch.setattr(ray, "nodes", lambda: [*alive, {"Alive": False, "Resources": {}}])
    assert fit_workers(asked) == fitted
