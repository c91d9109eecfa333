"""A refresh that only tells: all of it, and nothing is changed."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.demo.covers import draw_stock
from cratewatch.demo.site import DemoShop
from cratewatch.demo.stock import StockPlan, expected_night, stock_of_night
from cratewatch.settings import Settings, load_settings
from flows.dry_run import dry_run
from scrapers.launch import CrawlJob, run_crawl
from tests.command_line import run_here

pytestmark = pytest.mark.heavy
PLAN = StockPlan(n_releases=40)


def declare(home: Path, url: str) -> Settings:
    text = f'[sources.shop]\nspider = "storefront"\nurl = "{url}"\nrate_per_s = 200\nretries = 2\n'
    (home / "cratewatch.toml").write_text(text)
    return load_settings(home=home)


def refresh(settings: Settings, catalog: Catalog) -> None:
    """Crawl the pages and apply what they say; the covers stay away."""
    run_id = catalog.runs.start("refresh-shop")
    job = CrawlJob(
        job="releases",
        source_name="shop",
        source=settings.source("shop"),
        run_id=run_id,
        catalog_url=settings.catalog_url,
        lake=settings.lake,
        contact="",
        log_path=settings.home / "crawl.log",
    )
    assert run_crawl(job).complete
    catalog.apply_crawl(run_id, "shop", complete=True)
    catalog.runs.finish(run_id, "done", {})


def content(home: Path) -> str:
    with closing(sqlite3.connect(home / "catalog.db")) as connection:
        return "\n".join(connection.iterdump())


def test_a_dry_run_tells_what_a_night_would_change_and_changes_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_stock(home / "shop", stock_of_night(1, PLAN))
    with DemoShop(home / "shop", plan=PLAN, slow_answer_s=0.2) as shop:
        settings = declare(home, shop.url)
        shop.open_night(1)
        with closing(open_catalog(settings.catalog_url)) as catalog:
            refresh(settings, catalog)
        before, pictures = content(home), len(shop.image_requests())
        shop.open_night(2)
        planned = expected_night(2, PLAN)
        with dry_run(settings, "shop") as found:
            assert found.refusal is None
            for name in ("new", "changed", "unchanged", "withdrawn"):
                assert getattr(found.diff, name) == getattr(planned, name), name
            kinds = [change.kind for change in found.changes]
        assert kinds.count("new") == planned.new
        assert kinds.count("withdrawn") == planned.withdrawn
        assert "failed" in kinds
        arguments = ("refresh", "shop", "--dry-run", "--json", "--home", str(home))
        told = run_here(monkeypatch, *arguments, CRATEWATCH_MAX_WITHDRAWN_SHARE="0")
        assert len(shop.image_requests()) == pictures
    assert told.returncode == 0, told.stderr
    rows = [json.loads(line) for line in told.stdout.splitlines()]
    assert [row["kind"] for row in rows] == kinds
    assert not any(row["applied"] for row in rows)
    assert "would withdraw" in told.stderr
    assert told.stderr.rstrip().endswith("this was a dry run, nothing was changed")
    assert content(home) == before
    assert not (home / "lake").exists()


def test_a_dry_run_of_a_shop_that_is_closed_fails(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    declare(home, "http://127.0.0.1:1")
    told = run_here(monkeypatch, "refresh", "shop", "--dry-run", "--home", str(home))
    assert told.returncode == 1
    assert "shop: would be no release; this was a dry run, nothing was changed" in told.stderr
    assert "cratewatch: shop: not every listing page could be read; " in told.stderr
    unknown = run_here(monkeypatch, "refresh", "shopp", "--dry-run", "--home", str(home))
    assert "'shopp' is not configured" in unknown.stderr
