"""A clock that was ahead for one night is not believed on the nights after."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from cratewatch.catalog import catalog as catalog_module
from cratewatch.catalog import covers, runs
from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.records import Cover, Release
from cratewatch.catalog.runs import refresh_kind

NIGHT = datetime(2026, 11, 20, 3, tzinfo=UTC)
AHEAD = NIGHT + timedelta(days=4000)


@pytest.fixture
def clock(monkeypatch):
    """Return a function that sets the clock of the catalog."""

    def put(at: datetime) -> None:
        for module in (catalog_module, covers, runs):
            monkeypatch.setattr(module, "now", lambda: at)

    put(NIGHT)
    return put


def night(catalog: Catalog, price: str) -> None:
    run = catalog.runs.resume(refresh_kind("shop"))
    release = Release(
        source="shop",
        native_id="1",
        title="Title",
        image_url="http://shop/1.jpg",
        price=Decimal(price),
        currency="EUR",
    )
    catalog.stage(run.run_id, [release])
    catalog.apply_crawl(run.run_id, "shop", complete=True)
    catalog.runs.finish(run.run_id, "done", {})


def asked_price(catalog: Catalog) -> Decimal | None:
    return catalog.releases.of_artworks(["art"])["art"][0].price


def test_the_price_of_a_later_night_counts(catalog, clock):
    cover = Cover("c" * 64, "art", "shop", "http://shop/1.jpg", 9, 9, "0" * 64, NIGHT)
    night(catalog, "10.00")
    catalog.covers.add(catalog.runs.start("covers"), cover, "http://shop/1.jpg")
    clock(AHEAD)
    night(catalog, "11.00")
    night(catalog, "12.00")
    clock(NIGHT + timedelta(days=1))
    night(catalog, "13.00")
    assert asked_price(catalog) == Decimal("13.00")
    clock(NIGHT + timedelta(days=2))
    night(catalog, "14.00")
    assert asked_price(catalog) == Decimal("14.00")


def test_a_success_of_the_future_is_none(catalog, clock):
    night(catalog, "10.00")
    clock(AHEAD)
    night(catalog, "11.00")
    clock(NIGHT + timedelta(days=1))
    assert catalog.runs.last_success(refresh_kind("shop")) == NIGHT
    assert catalog.runs.last_successes() == {refresh_kind("shop"): NIGHT.isoformat()}


def test_a_killed_run_of_the_future_is_not_taken_up(catalog, clock):
    clock(AHEAD)
    killed = catalog.runs.resume("refresh-shop")
    clock(NIGHT)
    assert catalog.runs.resume("refresh-shop").run_id != killed.run_id


def test_machines_may_differ_by_minutes(catalog, clock):
    killed = catalog.runs.resume("refresh-shop")
    clock(NIGHT - timedelta(minutes=2))
    assert catalog.runs.resume("refresh-shop").run_id == killed.run_id


def test_runs_of_the_future_do_not_hide_the_latest(catalog, clock):
    clock(AHEAD)
    for _ in range(6):
        catalog.runs.start("renew-model")
    clock(NIGHT)
    night(catalog, "10.00")
    assert catalog.runs.latest(2)[0]["kind"] == refresh_kind("shop")


def test_a_cover_of_the_future_is_dated_when_it_is_seen_again(catalog, clock):
    night(catalog, "10.00")
    cover = Cover("c" * 64, "art", "shop", "http://shop/1.jpg", 9, 9, "0" * 64, AHEAD)
    run_id = catalog.runs.start("covers")
    assert catalog.covers.add(run_id, cover, "http://shop/1.jpg")
    assert not catalog.covers.add(run_id, replace(cover, fetched_at=NIGHT), "http://shop/1.jpg")
    assert catalog.covers.stored_images("shop") == {"http://shop/1.jpg": NIGHT}
    later = replace(cover, fetched_at=NIGHT + timedelta(days=1))
    assert not catalog.covers.add(run_id, later, "http://shop/1.jpg")
    assert catalog.covers.stored_images("shop") == {"http://shop/1.jpg": NIGHT}
