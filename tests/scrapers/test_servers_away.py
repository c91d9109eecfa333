"""Crawls whose catalog or lake goes away in the middle, and comes back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.demo.covers import draw_stock
from cratewatch.demo.site import DemoShop
from cratewatch.demo.stock import StockPlan, expected_night, stock_of_night
from cratewatch.errors import CratewatchError, UnavailableError
from cratewatch.lake.location import LakeLocation
from cratewatch.lake.opening import open_lake
from cratewatch.secret_url import SecretUrl
from cratewatch.sources.storefront.settings import StorefrontSource
from scrapers.launch import CrawlJob, CrawlProgress, CrawlReport, run_crawl

PLAN = StockPlan(n_releases=40)
PLANNED = expected_night(1, PLAN)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoShop]:
    folder = tmp_path_factory.mktemp("shop")
    draw_stock(folder, stock_of_night(1, PLAN))
    with DemoShop(folder, plan=PLAN, slow_answer_s=0.1) as shop:
        yield shop


class Crawls:
    """A catalog in PostgreSQL and a lake in S3, reached by the crawls over wires."""

    def __init__(self, shop: DemoShop, catalog_url: str, lake: LakeLocation, lay: Any) -> None:
        self.catalog: Catalog = open_catalog(catalog_url)
        self.lake = open_lake(lake)
        self.run_id = self.catalog.runs.start("refresh-shop")
        over_wire, self.catalog_wire = lay(catalog_url)
        endpoint, self.lake_wire = lay(str(lake.endpoint))
        self._job = CrawlJob(
            job="releases",
            source_name="shop",
            source=StorefrontSource(spider="storefront", url=shop.url, rate_per_s=20, retries=1),
            run_id=self.run_id,
            catalog_url=SecretUrl(over_wire),
            lake=replace(lake, endpoint=SecretUrl(endpoint)),
            contact="",
            log_path=Path(),
        )

    def run(
        self, kind: Any, log: Path, on_progress: Callable[[CrawlProgress], None] | None = None
    ) -> CrawlReport:
        return run_crawl(replace(self._job, job=kind, log_path=log / f"{kind}.log"), on_progress)

    def apply(self) -> None:
        diff = self.catalog.apply_crawl(self.run_id, "shop", complete=True)
        assert diff.new == PLANNED.new


@pytest.fixture
def crawls(
    shop: DemoShop, postgres: Any, s3_location: LakeLocation, over_a_wire: Any
) -> Iterator[Crawls]:
    crawls = Crawls(shop, postgres.create_database(), s3_location, over_a_wire)
    yield crawls
    crawls.catalog.close()


def cut_after(done: int, wire: Any, then: Callable[[], None] = lambda: None) -> Any:
    """Return a callback that cuts a wire, once, when a crawl has done so many items."""
    cut = threading.Event()

    def on_progress(progress: CrawlProgress) -> None:
        if progress.done >= done and not cut.is_set():
            cut.set()
            wire.cut()
            then()

    return on_progress


@pytest.mark.slow
def test_a_crawl_that_loses_its_catalog_ends_and_the_next_goes_on(
    crawls: Crawls, shop: DemoShop, tmp_path: Path
) -> None:
    with pytest.raises(CratewatchError, match=r"^catalog postgresql.*check catalog_url") as error:
        crawls.run("releases", tmp_path, cut_after(35, crawls.catalog_wire))
    assert "crate@" not in str(error.value)  # the password
    crawls.catalog_wire.mend()
    read = {key.removeprefix(shop.url) for key in crawls.catalog.items.done(crawls.run_id, "page")}
    asked_before = len(shop.requests)
    assert crawls.run("releases", tmp_path).complete
    asked = {request.path for request in shop.requests[asked_before:]}
    assert read
    assert not asked & read
    crawls.apply()


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["catalog", "lake"])
def test_a_cover_fetch_that_loses_a_server_ends_and_the_next_goes_on(
    crawls: Crawls, tmp_path: Path, lost: str
) -> None:
    crawls.run("releases", tmp_path)
    crawls.apply()
    wire = getattr(crawls, f"{lost}_wire")
    kind = UnavailableError if lost == "lake" else CratewatchError
    with pytest.raises(kind, match=f"^{lost} "):
        crawls.run("covers", tmp_path, cut_after(8, wire))
    wire.mend()
    stored = len(crawls.catalog.covers.all())
    assert 0 < stored < PLANNED.new_covers
    assert crawls.run("covers", tmp_path).failed == PLANNED.failed_covers
    covers = {cover.cover_id for cover in crawls.catalog.covers.all()}
    assert len(covers) == PLANNED.new_covers
    assert {Path(key).stem for key in crawls.lake.keys("covers")} == covers


@pytest.mark.slow
def test_a_lake_that_comes_back_soon_does_not_end_the_fetch(crawls: Crawls, tmp_path: Path) -> None:
    crawls.run("releases", tmp_path)
    crawls.apply()
    mend = threading.Timer(0.5, crawls.lake_wire.mend)
    report = crawls.run("covers", tmp_path, cut_after(8, crawls.lake_wire, mend.start))
    mend.join()
    assert report.failed == PLANNED.failed_covers
    assert len(crawls.catalog.covers.all()) == PLANNED.new_covers
