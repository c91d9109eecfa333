"""The main job on the embedded shop: two nights, an index, a fine-tuning, an evaluation.

The same flows, spiders, workers and gallery as on a cluster, with other settings.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cratewatch.catalog.catalog import open_catalog
from cratewatch.datasets.shards import Sample
from cratewatch.demo.asking import Exam, ask_serving, catalog_covers, draw_each, unseen_run
from cratewatch.demo.covers import draw_stock
from cratewatch.demo.footage import film
from cratewatch.demo.report import DemoResult, Recall, write_report
from cratewatch.demo.site import DemoShop
from cratewatch.demo.stock import NightExpectation, expected_night, stock_of_night
from cratewatch.embedding.saved_models import find_model, shipped_models
from cratewatch.errors import CheckError
from cratewatch.evaluation.serving import Evaluation
from cratewatch.lake.opening import open_lake
from cratewatch.settings import Settings, load_settings
from cratewatch.settings_layers import CONFIG_NAME
from cratewatch.training.fine_tuning import FineTuning
from flows.progress import progress_bar
from flows.refresh_catalog import refresh_catalog
from workers.catalog_index import index_catalog
from workers.cluster import ray_cluster
from workers.query_runs import synthesize
from workers.run_request import RunRequest
from workers.training import train
from workers.training_job import TrainRequest

SOURCE = "demo-shop"
TRAIN_SAMPLES = 560
TEST_SAMPLES = 240
SEED = 7
TUNING = FineTuning(steps=50, seed=SEED)
"""Less than half of what a shop's own renewal takes: a demo should not keep anybody waiting."""


def run_demo(home: Path, tuning: FineTuning = TUNING) -> tuple[DemoResult, Evaluation]:
    """Run everything in home, which is empty, and write report.html and report.json there.

    The model that ships is asked before it is trained further, and the one that serves in the
    end: the same queries, and one of each cover that came on the second night.

    Returns:
        What report.json holds, and the evaluation of the model that serves in the end.

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
        queries = _open_for_business(settings, result)
        with _stage(result, "footage"), progress_bar("footage") as advance:
            result.footage = film(settings, advance)
        _fine_tune(settings, result, tuning)
        known = {cover.cover_id for cover in catalog_covers(settings)}
        shop.open_night(2)
        with _stage(result, "night 2"):
            result.night2 = _night(home, 2)
        with _stage(result, "evaluate again"):
            exam = _ask_again(settings, result, queries, known)
    _publish(settings, result, exam)
    return result, exam.evaluation()


def _open_for_business(settings: Settings, result: DemoResult) -> list[Sample]:
    """Go as far as the model that ships serves, and ask it; return what it was asked."""
    with _stage(result, "night 1"):
        result.night1 = _night(settings.home, 1)
    with _stage(result, "index"), progress_bar("index") as advance:
        index_catalog(settings, on_progress=advance)
    with _stage(result, "synthesize"):
        for wanted in (
            RunRequest(TRAIN_SAMPLES, SEED, "train"),
            RunRequest(TEST_SAMPLES, SEED + 1, "test"),
        ):
            with progress_bar(f"synthesize {wanted.split}") as advance:
                synthesize(settings, wanted, advance)
    queries = unseen_run(settings)
    with _stage(result, "evaluate"):
        result.before = Recall.of(_ask(settings, queries).evaluation())
    return queries


def _fine_tune(settings: Settings, result: DemoResult, tuning: FineTuning) -> None:
    """Train the model that ships further, and let the outcome serve."""
    shipped = shipped_models()[-1]
    config = tuning.config(find_model(open_lake(settings.lake), shipped).config(), shipped)
    with _stage(result, "fine-tune"), progress_bar("fine-tune") as advance:
        trained = train(settings, TrainRequest(config), advance)
    with _stage(result, "rebuild"), progress_bar("rebuild") as advance:
        index_catalog(settings, trained.name, rebuild=True, on_progress=advance)


def _ask_again(
    settings: Settings, result: DemoResult, queries: Sequence[Sample], known: set[str]
) -> Exam:
    """Ask what was asked before, and for each cover that came since."""
    came = [cover for cover in catalog_covers(settings) if cover.cover_id not in known]
    exam = _ask(settings, [*queries, *draw_each(open_lake(settings.lake), came, SEED + 2)])
    result.after = Recall.of(exam.of(known).evaluation())
    new = exam.of({cover.cover_id for cover in came}).answers
    result.newcomers = {"queries": len(new), "named": sum(answer.right for answer in new)}
    return exam


def _ask(settings: Settings, queries: Sequence[Sample]) -> Exam:
    with progress_bar("identify") as advance:
        return ask_serving(settings, queries, advance)


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


def _publish(settings: Settings, result: DemoResult, exam: Exam) -> None:
    with closing(open_catalog(settings.catalog_url)) as catalog:
        result.n_releases = catalog.counts()["releases"]
    result.count(exam.evaluation(), exam.answers)
    report = json.dumps(asdict(result), indent=2) + "\n"
    (settings.home / "report.json").write_text(report)
    write_report(settings.home / "report.html", settings, result, exam.answers)
