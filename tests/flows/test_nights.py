"""The whole way of the data on a small shop, through the flows, twice and once more."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cratewatch.catalog.catalog import open_catalog
from cratewatch.datasets.runs import latest_run
from cratewatch.datasets.shards import read_samples
from cratewatch.demo.covers import draw_stock
from cratewatch.demo.report import SHOWN_MISSES, SHOWN_RIGHT, DemoResult, Recall, write_report
from cratewatch.demo.site import DemoShop
from cratewatch.demo.stock import NightExpectation, StockPlan, expected_night, stock_of_night
from cratewatch.embedding.saved_models import train_artworks
from cratewatch.errors import CratewatchError
from cratewatch.evaluation.serving import evaluate_serving
from cratewatch.gallery.gallery import open_gallery
from cratewatch.lake.opening import open_lake
from cratewatch.retrieval.identification import open_identifier
from cratewatch.settings import Settings, load_settings
from cratewatch.training.config import Draw, TrainConfig
from tests.tiny import TINY
from workers.run_request import RunRequest
from workers.training_job import TrainRequest

PLAN = StockPlan(n_releases=60)


@dataclass
class Night:
    report: dict[str, Any]
    planned: NightExpectation
    images_requested: int


@dataclass
class Story:
    home: Path
    first: Night
    second: Night
    third: Night
    model: str

    @property
    def settings(self) -> Settings:
        return load_settings(home=self.home)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, ray_cluster: None, prefect: None) -> Story:
    """Night 1, synthesis, training, index, night 2, and a third without changes."""
    from flows.index_gallery import index_gallery
    from flows.synthesize_queries import synthesize_queries
    from flows.train_model import train_model

    home = tmp_path_factory.mktemp("nights")
    draw_stock(home / "shop", stock_of_night(1, PLAN))
    with DemoShop(home / "shop", plan=PLAN, slow_answer_s=0.2) as shop:
        _declare(home, shop.url)
        first = _night(home, shop, 1)
        synthesize_queries(home, RunRequest(90, seed=1))
        config = TrainConfig(
            model=TINY, draw=Draw(artworks=8), steps=3, precision="fp32", drawers=0
        )
        model = train_model(home, TrainRequest(config)).name
        index_gallery(home)
        second = _night(home, shop, 2)
        third = _night(home, shop, 2)
    return Story(home, first, second, third, model)


def _declare(home: Path, url: str) -> None:
    (home / "cratewatch.toml").write_text(
        'runtime = "torch"\n'  # an export for OpenVINO takes longer than all that it serves here
        f'[sources.shop]\nspider = "storefront"\nurl = "{url}"\nrate_per_s = 100\nretries = 2\n'
    )


def _night(home: Path, shop: DemoShop, night: int) -> Night:
    from flows.refresh_catalog import refresh_catalog

    shop.open_night(night)
    before = len(shop.image_requests())
    report = refresh_catalog(home, ["shop"])[0].as_json()
    planned = expected_night(night, PLAN)
    return Night(report, planned, len(shop.image_requests()) - before)


def test_a_night_finds_what_the_shop_changed(story: Story) -> None:
    for night in (story.first, story.second):
        for name in ("new", "changed", "unchanged", "withdrawn"):
            assert night.report["diff"][name] == getattr(night.planned, name), name
        assert night.report["failed"] == night.planned.failed
        assert night.report["covers"]["items"] == night.planned.new_covers


def test_before_the_first_model_nothing_is_embedded_and_afterwards_what_is_new(
    story: Story,
) -> None:
    assert story.first.report["index"] is None
    assert story.second.report["index"]["embedded"] == story.second.planned.new_covers


def test_a_night_without_changes_stores_and_embeds_nothing(story: Story) -> None:
    report = story.third.report
    assert report["diff"]["unchanged"] == story.second.planned.new + (
        story.second.planned.changed + story.second.planned.unchanged
    )
    assert report["diff"]["new"] == report["diff"]["changed"] == report["diff"]["withdrawn"] == 0
    assert report["covers"]["items"] == 0
    assert report["index"]["embedded"] == 0
    # Images that failed are tried again, and no others.
    assert story.third.images_requested <= sum(story.second.planned.failed_covers.values()) + 1


def test_catalog_lake_and_gallery_agree(story: Story) -> None:
    catalog = open_catalog(story.settings.catalog_url)
    covers = catalog.covers.all()
    catalog.close()
    assert all(
        (Path(story.settings.lake_path) / f"covers/{c.cover_id[:2]}/{c.cover_id}.jpg").is_file()
        for c in covers
    )
    with open_gallery(story.settings.gallery_uri) as gallery:
        assert gallery.alias.serving() == story.model
        assert gallery.rows.count(story.model) == len(covers)


def test_the_report_is_kept_as_file_and_as_artifact(story: Story) -> None:
    from prefect.client.orchestration import get_client

    report = story.second.report
    stored = Path(story.settings.lake_path) / f"reports/{report['run_id']}.json"
    kept = json.loads(stored.read_text())
    assert kept["diff"] == report["diff"]
    assert Counter(change["kind"] for change in kept["changes"]) == {
        "new": report["diff"]["new"],
        "changed": report["diff"]["changed"],
        "withdrawn": report["diff"]["withdrawn"],
        "failed": sum(report["failed"].values()),
    }
    assert all(change["address"] for change in kept["changes"])
    with get_client(sync_client=True) as client:
        artifacts = client.request("POST", "/artifacts/filter", json={}).json()
    row = f"| withdrawn | {report['diff']['withdrawn']} |"
    (shown,) = (a["data"] for a in artifacts if a["key"] == "refresh-shop" and row in a["data"])
    assert "    withdrawn shop:" in shown


def test_evaluation_asks_only_what_training_never_saw(story: Story) -> None:
    evaluation, answers = evaluate_serving(story.settings)
    seen = train_artworks(open_lake(story.settings.lake), story.model)
    assert seen
    assert not seen & {answer.artwork_id for answer in answers}
    assert evaluation.n_queries == len(answers)
    assert 0 < evaluation.chance_at_1 < 0.05


def test_a_query_is_answered_with_releases_and_prices(story: Story, tmp_path: Path) -> None:
    queries = latest_run(open_lake(story.settings.lake), "all")
    crop = tmp_path / "crop.jpg"
    Image.open(io.BytesIO(next(read_samples(queries)).jpeg)).save(crop)
    with open_identifier(story.settings) as identifier:
        (answer,) = [a.as_json() for a in identifier.identify([("crop", crop.read_bytes)], 5)]
    assert len(answer["matches"]) == 5
    releases = [release for match in answer["matches"] for release in match["releases"]]
    assert any(release["price"] is not None for release in releases)
    assert all(match["source"] == "shop" for match in answer["matches"])


def test_a_source_that_is_down_leaves_yesterday_serving(story: Story) -> None:
    from flows.refresh_catalog import refresh_catalog

    catalog = open_catalog(story.settings.catalog_url)
    before = catalog.counts()
    declared = story.home / "cratewatch.toml"
    declared.write_text(declared.read_text().replace("retries = 2", "retries = 0"))
    with pytest.raises(CratewatchError, match="shop"):
        refresh_catalog(story.home, ["shop"])  # the shop has closed
    assert catalog.counts() == before
    assert catalog.runs.latest(1)[0]["state"] == "failed"
    catalog.close()
    with open_gallery(story.settings.gallery_uri) as gallery:
        assert gallery.alias.serving() == story.model


def test_an_unknown_source_is_refused_before_anything_starts(story: Story) -> None:
    from flows.refresh_catalog import refresh_catalog

    catalog = open_catalog(story.settings.catalog_url)
    runs = len(catalog.runs.latest(100))
    with pytest.raises(CratewatchError, match="'other' is not configured"):
        refresh_catalog(story.home, ["shop", "other"])
    assert len(catalog.runs.latest(100)) == runs
    catalog.close()


def test_the_report_shows_pictures_scores_and_prices(story: Story, tmp_path: Path) -> None:
    evaluation, answers = evaluate_serving(story.settings)
    result = DemoResult(
        night1={**story.first.report["diff"], "failed": story.first.report["failed"]},
        night2={**story.second.report["diff"], "failed": story.second.report["failed"]},
        seconds={"night 1": 1.0},
        before=Recall.of(evaluation),
        after=Recall.of(evaluation),
        newcomers={"queries": 4, "named": 3},
    )
    result.count(evaluation, answers)
    for night in (result.night1, result.night2):
        night |= {"covers_fetched": 1, "covers_embedded": 1}
    page = tmp_path / "report.html"
    write_report(page, story.settings, result, answers)
    html = page.read_text(encoding="utf-8")
    misses = [answer for answer in answers if not answer.right]
    shown = min(len(misses), SHOWN_MISSES) + min(len(answers) - len(misses), SHOWN_RIGHT)
    assert html.count('class="row"') == shown
    assert html.count("data:image/jpeg;base64,") == shown * 7  # query, truth, five matches
    assert re.search(r"\d+\.\d\d (EUR|GBP|USD)<br>", html)
    assert (f"of {len(misses)} queries whose best match" in html) == bool(misses)
