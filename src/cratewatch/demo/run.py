"""The main job on the embedded shop: two nights, synthesis, training, index, evaluation.

The same flows, spiders, workers and gallery as on a cluster, with other settings.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cratewatch.catalog.catalog import open_catalog
from cratewatch.demo.covers import draw_stock
from cratewatch.demo.report import DemoResult, write_report
from cratewatch.demo.site import DemoShop
from cratewatch.demo.stock import NightExpectation, expected_night, stock_of_night
from cratewatch.errors import CheckError
from cratewatch.evaluation.serving import Answer, Evaluation, evaluate_serving
from cratewatch.settings import CONFIG_NAME, load_settings
from cratewatch.training.loop import TrainConfig
from flows.progress import progress_bar
from flows.refresh_catalog import refresh_catalog
from workers.catalog_index import index_catalog
from workers.cluster import ray_cluster
from workers.query_runs import synthesize
from workers.run_request import RunRequest
from workers.training import train
from workers.training_job import TrainRequest

SOURCE = "demo-shop"
TRAIN_SAMPLES = 4000
TEST_SAMPLES = 350
TRAIN_STEPS = 550
SEED = 7


def run_demo(home: Path, steps: int = TRAIN_STEPS) -> Evaluation:
    """Run everything in home, which is empty, and write report.html and report.json there.

    Raises:
        CheckError: if a night's counts are not what the shop had planned.
    """
    result = DemoResult()
    stock = stock_of_night(1)
    with _stage(result, "draw covers"), progress_bar("draw the shop's covers") as advance:
        draw_stock(home / "shop", stock, lambda done, total: advance(done, total, ""))
    with DemoShop(home / "shop") as shop, ray_cluster("local", home / "ray"):
        _write_settings(home, shop.url)
        settings = load_settings(home=home)
        with _stage(result, "night 1"):
            result.night1 = _night(home, 1)
        with _stage(result, "synthesize"), progress_bar("synthesize") as advance:
            synthesize(settings, RunRequest(TRAIN_SAMPLES, SEED, "train"), advance)
        with _stage(result, "train"), progress_bar("train") as advance:
            train(settings, TrainRequest(TrainConfig(steps=steps, seed=SEED)), advance)
        with _stage(result, "index"), progress_bar("index") as advance:
            index_catalog(settings, on_progress=advance)
        shop.open_night(2)
        with _stage(result, "night 2"):
            result.night2 = _night(home, 2)
        with _stage(result, "evaluate"), progress_bar("synthesize") as advance:
            synthesize(settings, RunRequest(TEST_SAMPLES, SEED + 1, "test"), advance)
            evaluation, answers = evaluate_serving(settings)
    _fill(result, home, evaluation)
    _publish(home, result, answers)
    return evaluation


def _write_settings(home: Path, url: str) -> None:
    """Declare the shop as a source; loopback bears a rate that no real shop should get."""
    lines = (
        f"[sources.{SOURCE}]",
        'spider = "storefront"',
        f'url = "{url}"',
        "rate_per_s = 100",
        "concurrency = 8",
    )
    (home / CONFIG_NAME).write_text("\n".join(lines) + "\n")


@contextlib.contextmanager
def _stage(result: DemoResult, name: str) -> Iterator[None]:
    start = time.monotonic()
    yield
    result.seconds[name] = round(time.monotonic() - start, 1)


def _night(home: Path, night: int) -> dict[str, Any]:
    report = refresh_catalog(home, [SOURCE])[0]
    if report.diff is None or report.covers is None:
        raise CheckError(f"demo: night {night} was not crawled to its end")
    names = ("new", "changed", "unchanged", "withdrawn")
    found = {name: getattr(report.diff, name) for name in names} | {"failed": report.failed}
    covers, embedded = report.covers.items, report.index.embedded if report.index else 0
    _compare(night, found, expected_night(night))
    return {**found, "covers_fetched": covers, "covers_embedded": embedded}


def _compare(night: int, found: dict[str, Any], planned: NightExpectation) -> None:
    expected = {name: getattr(planned, name) for name in found}
    if found != expected:
        raise CheckError(f"demo: night {night} found {found}, the shop had planned {expected}")


def _fill(result: DemoResult, home: Path, evaluation: Evaluation) -> None:
    catalog = open_catalog(load_settings(home=home).catalog_url)
    result.n_releases = catalog.counts()["releases"]
    catalog.close()
    result.n_queries = evaluation.n_queries
    result.n_covers = evaluation.n_gallery
    result.recall_at_1 = evaluation.recall_at_1.value
    result.recall_at_1_interval = (evaluation.recall_at_1.low, evaluation.recall_at_1.high)
    result.recall_at_5 = evaluation.recall_at_5.value
    result.recall_at_5_interval = (evaluation.recall_at_5.low, evaluation.recall_at_5.high)
    result.chance_at_1 = evaluation.chance_at_1
    result.model = evaluation.model


def _publish(home: Path, result: DemoResult, answers: list[Answer]) -> None:
    (home / "report.json").write_text(json.dumps(asdict(result), indent=2) + "\n")
    write_report(home / "report.html", load_settings(home=home), result, answers)
