"""A renewal on a tiny catalog: better, not better, ended half way, failed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.records import Cover
from cratewatch.embedding.loading import load_model
from cratewatch.embedding.model_folder import save_model
from cratewatch.embedding.saved_models import adopt_model, default_model
from cratewatch.errors import BusyError, CratewatchError, NotFoundError
from cratewatch.gallery.gallery import open_gallery
from cratewatch.lake.lake import Lake
from cratewatch.progress import Progress, unseen
from cratewatch.settings import Settings, load_settings
from cratewatch.training.config import Draw
from cratewatch.training.fine_tuning import FineTuning
from tests.made_collections import make_collection
from tests.tiny import TINY, tiny_net
from workers import renewal as stage
from workers.catalog_index import index_catalog
from workers.mailbox import TrainedModel
from workers.renewal import KIND, renew
from workers.renewal_report import Renewal

GOOD = Path(stage.__file__).parents[1] / "src/cratewatch/shipped/mobilenet_v1_93fe6455"
WANTED = Renewal(FineTuning(2, draw=Draw(artworks=8, images_each=2, sketched=0.5)), 24, 100)


@pytest.fixture
def settings(home: Path, imported: list[Cover]) -> Settings:
    return load_settings(home=home, runtime="torch")


@contextmanager
def show(_title: str) -> Iterator[Progress]:
    yield unseen


def serve(settings: Settings, model: str) -> None:
    """Let a model serve; its collection need not hold anything."""
    with open_gallery(*settings.gallery) as gallery:
        make_collection(gallery, model, TINY.dim)
        gallery.alias.point_to(model)


def serving(settings: Settings) -> str | None:
    with open_gallery(*settings.gallery) as gallery:
        return gallery.alias.serving()


def renewals(catalog: Catalog) -> list[dict[str, Any]]:
    return [run for run in catalog.runs.latest() if run["kind"] == KIND]


@pytest.fixture
def blind_model(lake: Lake, settings: Settings) -> str:
    """A model that serves and to which all pictures look alike."""
    net = tiny_net()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
    name = save_model(lake, net, TINY, {}, [])
    serve(settings, name)
    return name


@pytest.fixture
def trained(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Have every training give the model that ships; the list gets what was asked for."""
    asked: list[Any] = []

    def train(_settings: Settings, wanted: Any, _advance: Progress) -> TrainedModel:
        asked.append(wanted)
        return TrainedModel(adopt_model(lake, str(GOOD)), 12, 24, 0.1, None, 1.0)

    monkeypatch.setattr(stage, "train", train)
    return asked


def next_to_equal(lake: Lake) -> TrainedModel:
    """Return a model that is not tiny_model, and answers as it does."""
    net = tiny_net()
    with torch.no_grad():
        net.head.bias[0] += 1e-6
    return TrainedModel(save_model(lake, net, TINY, {}, []), 12, 24, 0.1, None, 1.0)


def failing_once(call: Callable[..., Any], error: BaseException) -> Callable[..., Any]:
    """Return a function that fails at its first call and does its work at the others."""
    errors = [error]

    def wrapper(*arguments: Any, **options: Any) -> Any:
        if errors:
            raise errors.pop()
        return call(*arguments, **options)

    return wrapper


@pytest.mark.slow
@pytest.mark.usefixtures("ray_cluster")
def test_a_better_model_serves_also_after_a_kill(
    settings: Settings,
    catalog: Catalog,
    lake: Lake,
    blind_model: str,
    trained: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    killed = failing_once(index_catalog, KeyboardInterrupt())
    monkeypatch.setattr(stage, "index_catalog", killed)
    with pytest.raises(KeyboardInterrupt):
        renew(settings, WANTED, show)
    assert serving(settings) == blind_model
    (run,) = renewals(catalog)
    assert (run["state"], run["report"]["renewed"]) == ("running", True)

    report = renew(settings, WANTED, show)
    assert (report.run_id, report.serving, report.model) == (run["run_id"], blind_model, GOOD.name)
    assert serving(settings) == report.collection == GOOD.name
    (wanted,) = trained  # once
    assert wanted.config.weights == blind_model
    assert wanted.queries == report.train_queries
    assert report.recall is not None
    assert report.recall.low > 0
    assert report.recall.before.value < 0.3
    assert report.recall.after.value > 0.6
    (run,) = renewals(catalog)
    assert run["state"] == "done"
    kept = json.loads(lake.read(f"reports/{report.run_id}.json"))
    assert kept == json.loads(json.dumps(report.as_json())) == run["report"]
    assert "serves now; recall@1" in str(report)


@pytest.mark.usefixtures("ray_cluster")
@pytest.mark.parametrize("trains", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_model_that_is_no_better_never_serves_by_itself(
    settings: Settings,
    lake: Lake,
    tiny_model: str,
    monkeypatch: pytest.MonkeyPatch,
    trains: bool,
) -> None:
    """Two steps of a training change next to nothing, as does a hair more of one weight."""
    serve(settings, tiny_model)
    if not trains:
        monkeypatch.setattr(stage, "train", lambda *_: next_to_equal(lake))
    report = renew(settings, WANTED, show)
    assert report.model not in (None, tiny_model)
    assert report.recall is not None
    assert report.recall.low <= 0
    assert (report.renewed, report.collection, serving(settings)) == (False, None, tiny_model)
    assert load_model(lake, report.model or "").config == TINY
    assert default_model(lake) == tiny_model
    why = json.loads(lake.read(f"models/{report.model}/rejected.json"))
    assert why == json.loads(json.dumps(asdict(report.recall)))
    assert f"kept, {report.model} is no better" in str(report)


@pytest.mark.slow
@pytest.mark.usefixtures("ray_cluster")
def test_a_renewal_that_failed_keeps_what_serves_and_its_queries(
    settings: Settings,
    catalog: Catalog,
    blind_model: str,
    trained: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        stage, "train", failing_once(vars(stage)["train"], CratewatchError("collapsed"))
    )
    monkeypatch.setattr(stage, "compare_models", failing_once(print, CratewatchError("no lake")))
    for error in ("collapsed", "no lake"):
        with pytest.raises(CratewatchError, match=error):
            renew(settings, WANTED, show)
        (run,) = renewals(catalog)
        assert (run["state"], run["report"]["error"]) == ("failed", error)
        assert serving(settings) == blind_model
    assert len(trained) == 1
    assert run["report"]["model"] == GOOD.name


def test_another_serving_model_begins_a_renewal_anew(
    settings: Settings, catalog: Catalog, blind_model: str, tiny_model: str
) -> None:
    began = catalog.runs.start(KIND)
    catalog.runs.note(began, serving=tiny_model, model="of-that-one")
    report = stage._take_up(catalog, blind_model)
    assert (report.serving, report.model) == (blind_model, None)
    assert report.run_id != began


def test_one_at_a_time_and_only_of_what_serves(settings: Settings, catalog: Catalog) -> None:
    with pytest.raises(NotFoundError, match="nothing serves yet that could be renewed"):
        renew(settings, WANTED, show)
    with catalog.one_renewal(), pytest.raises(BusyError, match="another renewal is running"):
        renew(settings, WANTED, show)
    assert renewals(catalog) == []
