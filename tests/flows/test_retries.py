"""What is tried again does nothing twice: tasks within a night, and `cratewatch retry` after it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from cratewatch.catalog.catalog import open_catalog
from cratewatch.catalog.records import ItemKind
from cratewatch.catalog.schema import ImageRow
from cratewatch.demo.covers import cover_file, draw_stock
from cratewatch.demo.site import DemoShop
from cratewatch.demo.stock import StockPlan, expected_night, stock_of_night
from cratewatch.errors import UnavailableError
from cratewatch.settings import load_settings
from scrapers.launch import CrawlDiedError, run_crawl
from tests.command_line import run_here
from tests.pictures import draw_noise

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("prefect")]
PLAN = StockPlan(n_releases=40)
COMMAND = str(Path(sys.executable).with_name("cratewatch"))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[DemoShop]:
    draw_stock(tmp_path / "shop", stock_of_night(1, PLAN))
    with DemoShop(tmp_path / "shop", plan=PLAN, slow_answer_s=0.1) as shop:
        yield shop


@pytest.fixture
def shop_home(home: Path, shop: DemoShop) -> Path:
    home.mkdir()
    (home / "cratewatch.toml").write_text(
        f'[sources.shop]\nspider = "storefront"\nurl = "{shop.url}"\n'
        "rate_per_s = 100\nretries = 2\n"
    )
    return home


def failing_after(call: Callable[..., Any], errors: list[Exception]) -> Callable[..., Any]:
    """Return a function that does its work and then fails, once with each of the errors."""

    def wrapper(*args: Any, **options: Any) -> Any:
        result = call(*args, **options)
        if errors:
            raise errors.pop(0)
        return result

    return wrapper


@pytest.mark.slow
def test_a_crawl_that_is_tried_again_reads_nothing_twice(
    shop: DemoShop, shop_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows import refreshing
    from flows.refresh_catalog import refresh_catalog

    errors: list[Exception] = [
        CrawlDiedError("killed"),
        UnavailableError("the lake is away"),
    ]
    monkeypatch.setattr(refreshing, "run_crawl", failing_after(run_crawl, errors))
    (report,) = refresh_catalog(shop_home, ["shop"])
    planned = expected_night(1, PLAN)
    assert report.diff.new == planned.new
    assert report.failed == planned.failed
    assert errors == []
    read = Counter(request.path for request in shop.requests if request.status == 200)
    products = {release.page_path for release in shop.releases}
    assert [path for path, count in read.items() if count > 1 and path in products] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "state"),
    [("page", "fetched"), ("cover", "stored")],
)
def test_a_killed_night_is_gone_on_with_and_reads_nothing_twice(
    shop: DemoShop, shop_home: Path, kind: ItemKind, state: str
) -> None:
    """benchmarks/kill_chain.py kills at random moments, and the other stages too."""
    command = [COMMAND, "refresh", "shop", "--json", "--home", str(shop_home)]
    with closing(open_catalog(load_settings(home=shop_home).catalog_url)) as catalog:
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as night:
            while catalog.items.states().get(kind, {}).get(state, 0) < 5:
                assert night.poll() is None, night.communicate()[1]
                time.sleep(0.01)
            night.kill()
        (killed,) = catalog.runs.latest()
        done = {key.removeprefix(shop.url) for key in catalog.items.done(killed["run_id"], kind)}
        asked_before = len(shop.requests)
        again = subprocess.run(command, capture_output=True, text=True, check=False)
        assert again.returncode == 0, again.stderr
        report, planned = json.loads(again.stdout), expected_night(1, PLAN)
        assert report["run_id"] == killed["run_id"]
        assert report["diff"]["new"] == planned.new
        assert planned.failed.items() <= report["failed"].items()
        assert len(catalog.covers.all()) == planned.new_covers
    asked = {request.path for request in shop.requests[asked_before:]}
    assert len(done) >= 5
    assert not asked & done


def test_retry_takes_up_what_failed_and_leaves_the_rest_alone(
    shop: DemoShop, shop_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def command(*words: str) -> str:
        answer = run_here(monkeypatch, *words, "--home", str(shop_home))
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    first = json.loads(command("refresh", "shop", "--json"))
    failures = json.loads(command("status", "--failures", "--json"))
    assert {reason: failed["count"] for reason, failed in failures.items()} == first["failed"]
    assert failures["http_500"]["examples"][0]["attempts"] == 1
    assert "http_500" in command("status", "--failures")
    shop.open_night(2)
    asked_before = len(shop.requests)
    again = json.loads(command("retry", "--json"))
    asked = {request.path for request in shop.requests[asked_before:]}
    healed = {
        r.page_path for r in stock_of_night(1, PLAN) if r.fault.name == "PAGE_BROKEN_AT_FIRST"
    }
    products = {release.page_path for release in stock_of_night(1, PLAN)}
    assert asked & products == healed
    assert (again["diff"]["new"], again["diff"]["withdrawn"]) == (1, 0)
    assert "http_500" not in again["failed"]
    with closing(open_catalog(load_settings(home=shop_home).catalog_url)) as catalog:
        assert catalog.counts()["withdrawn"] == 0
        assert catalog.counts()["releases"] == expected_night(1, PLAN).new + 1
        left = catalog.items.failures()
    assert left == json.loads(command("status", "--json"))["failures"]
    assert left["truncated"] == 1
    assert set(left) < set(first["failed"])


def test_a_whole_night_asks_again_for_stored_covers_and_a_retry_for_none(
    shop: DemoShop, shop_home: Path, tmp_path: Path
) -> None:
    from flows.refresh_catalog import refresh_catalog

    with (shop_home / "cratewatch.toml").open("a") as file:
        file.write("recheck_share = 1\n")
    refresh_catalog(shop_home, ["shop"])
    with closing(open_catalog(load_settings(home=shop_home).catalog_url)) as catalog:
        stored = catalog.covers.stored_images("shop")
        with catalog._db.transaction() as session:
            session.execute(update(ImageRow).values(checked_at=datetime(2020, 1, 1, tzinfo=UTC)))
    replaced = next(r for r in shop.releases if shop.url + r.image_path in stored)
    draw_noise(1).save(cover_file(tmp_path / "shop", replaced.image), "JPEG")
    (retry,) = refresh_catalog(shop_home, ["shop"], only_failed=True)
    assert "checked" not in retry.covers.noted
    (second,) = refresh_catalog(shop_home, ["shop"])
    assert second.diff.changed == 0
    assert second.covers.noted["checked"] == len(stored)
    assert second.covers.noted["replaced"] == second.covers.items == 1


def test_with_nothing_failed_retry_says_so(
    empty_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = run_here(monkeypatch, "retry", "--home", str(empty_home))
    assert answer.returncode == 0
    assert "nothing to retry" in answer.stdout
