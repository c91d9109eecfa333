"""A refresh of prices: asked, kept apart, published or refused, forgotten when its time is over."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.observations import Observation
from cratewatch.errors import SettingsError
from cratewatch.lake.lake import REPORTS
from cratewatch.lake.opening import open_lake
from cratewatch.monitoring.notification import Event
from cratewatch.settings import Settings, load_settings
from flows import night_news
from flows.night_news import NightNews
from flows.refreshing import refresh
from flows.refreshing_prices import PriceRefreshError, refresh_prices
from tests.market import KEYS, Faults, Market

pytestmark = pytest.mark.heavy


@pytest.fixture
def market() -> Iterator[Market]:
    one = Market()
    yield one
    one.close()


@pytest.fixture
def settings(tmp_path: Path, market: Market) -> Settings:
    ebay: dict[str, Any] = {
        "spider": "ebay_sold",
        "client_id": KEYS[0],
        "client_secret": KEYS[1],
        "url": market.url,
        "queries": [f"q{n}" for n in range(25)],
        "rate_per_s": 200.0,
        "retries": 0,
        "give_up_after": 100,
    }
    shop = {"spider": "storefront", "url": "http://127.0.0.1:1"}
    return load_settings(home=tmp_path, sources={"ebay": ebay, "shop": shop})


@pytest.fixture
def catalog(settings: Settings) -> Iterator[Catalog]:
    opened = open_catalog(settings.catalog_url)
    yield opened
    opened.close()


def sold(n: int) -> dict[str, Any]:
    return {
        "itemId": str(n),
        "title": f"Record {n}",
        "condition": "New",
        "lastSoldDate": datetime.now(UTC).strftime("%Y-%m-%dT00:00:00.000Z"),
        "lastSoldPrice": {"value": f"{n + 1}.50", "currency": "USD"},
        "itemWebUrl": f"https://www.ebay.com/itm/{n}",
    }


def test_prices_are_published_and_a_bad_run_publishes_none_and_is_told(
    settings: Settings, market: Market, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    market.listings = {f"q{n}": [sold(n)] for n in range(25)}
    (report,) = refresh_prices(settings, ["ebay"])
    assert report.published is not None
    assert (report.published.new, report.failed) == (25, {})
    page = open_lake(settings.lake).read(f"{REPORTS}/{report.run_id}.html").decode()
    assert market.url.removeprefix("http://") in page  # among the slowest hosts
    market.listings = {"q1": [sold(100)]}
    with pytest.raises(PriceRefreshError, match="1 prices came, and 25 in a run of the last week"):
        refresh_prices(settings, ["ebay"])
    market.listings = {f"q{n}": [sold(n + 200)] for n in range(25)}
    market.faults = Faults(no_tokens=True)
    with pytest.raises(PriceRefreshError, match="25 of 25 items failed") as error:
        refresh_prices(settings, ["ebay"])
    assert catalog.observations.counts() == {("ebay", "sold"): 25}
    told: list[Event] = []
    monkeypatch.setattr(night_news, "tell", lambda _, events: told.extend(events))
    NightNews(settings, ["ebay"]).fail(error.value)
    assert [str(event) for event in told] == ["ebay refused (100% failed)"]
    market.faults = Faults()
    (report,) = refresh_prices(settings, ["ebay"])
    assert catalog.observations.counts() == {("ebay", "sold"): 50}
    (run,) = catalog.runs.latest(1, "prices-ebay")
    assert (run["state"], run["report"]["published"]) == ("done", {"new": 25, "known": 0})


def test_a_run_that_was_killed_is_gone_on_with(
    settings: Settings, market: Market, catalog: Catalog
) -> None:
    market.listings = {f"q{n}": [sold(n)] for n in range(25)}
    run = catalog.runs.resume("prices-ebay")
    from flows.refreshing import crawl

    asked = crawl(settings, "ebay", run.run_id, "prices")
    assert asked.items == 25
    before = len(market.asked)
    (report,) = refresh_prices(settings, ["ebay"])
    assert (report.run_id, len(market.asked)) == (run.run_id, before)
    assert catalog.observations.counts() == {("ebay", "sold"): 25}


def test_what_the_terms_let_nobody_keep_is_forgotten(
    settings: Settings, market: Market, catalog: Catalog
) -> None:
    old, new = (datetime.now(UTC) - timedelta(days=days) for days in (91, 89))
    catalog.observations.add(
        Observation(source=name, native_id=f"{moment}", kind="sold", title="x",
                    price=Decimal(1), currency="EUR", observed_at=moment)
        for name in ("ebay", "shop") for moment in (old, new)
    )  # fmt: skip
    refresh_prices(settings, ["ebay"])
    assert catalog.observations.counts() == {("ebay", "sold"): 1, ("shop", "sold"): 2}


def test_each_source_is_asked_for_what_it_has(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="'shop' is not asked for prices"):
        refresh_prices(settings, ["shop"])
    with pytest.raises(SettingsError, match="run `cratewatch refresh-prices ebay`"):
        refresh(settings, ["ebay"])
