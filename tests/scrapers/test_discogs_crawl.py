"""Whole crawls of a replayed Discogs: releases, and their prices."""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cratewatch.catalog.records import Cover, Release
from cratewatch.sources.discogs.settings import DiscogsSource
from cratewatch.sources.dumps.importing import import_dump
from cratewatch.sources.dumps.settings import DumpSource
from scrapers.launch import CrawlReport, run_crawl
from scrapers.quotas import wait_s
from tests.cratewatch.sources.dumps import made_dumps
from tests.market import Faults, Market

N_RELEASES = 130


def source(market: Market, **fields: Any) -> DiscogsSource:
    fast: dict[str, Any] = {"rate_per_s": 200, "retries": 2, "token": "secret", "label": "Columbia"}
    urls = {"url": market.url, "site_url": market.url}
    return DiscogsSource(spider="discogs", **(fast | urls | fields))


@pytest.fixture
def market() -> Iterator[Any]:
    """Return a function that starts a market."""
    started: list[Market] = []

    def start(releases: int = 3, faults: Faults | None = None, **limits: Any) -> Market:
        started.append(Market(releases, faults, **({"limit": 10_000} | limits)))
        return started[-1]

    yield start
    for one in started:
        one.close()


def list_known(workplace, market: Market, numbers: range) -> None:
    releases = [
        Release(source="shop", native_id=str(n), title=f"Album {n}", page_url=f"{market.url}/r/{n}")
        for n in numbers
    ]
    workplace.catalog.stage(workplace.run_id, releases)
    workplace.catalog.apply_crawl(workplace.run_id, "shop", complete=True)
    workplace.next_night()


def test_every_page_and_release_is_asked_for_once_and_by_the_rules(workplace, market) -> None:
    shop = market(N_RELEASES)
    report = workplace.crawl("releases", source(shop))
    assert (report.complete, report.items, report.failed) == (True, N_RELEASES, {})
    assert shop.wrong == []
    paths = Counter(shop.paths())
    assert paths["/database/search"] == 2
    assert all(paths[f"/releases/{n}"] == 1 for n in range(1, N_RELEASES + 1))
    _, _, query, headers = shop.asked[0]
    assert (query["label"], query["format"], query["per_page"]) == ("Columbia", "Vinyl", "100")
    assert headers["Authorization"] == "Discogs token=secret"
    assert "secret" not in workplace.log_path.read_text()
    diff = workplace.catalog.apply_crawl(workplace.run_id, "shop", complete=report.lists_all)
    assert diff.new == N_RELEASES
    assert workplace.progress[-1].planned == N_RELEASES


def test_a_master_is_listed_by_its_versions(workplace, market) -> None:
    shop = market(3)
    report = workplace.crawl("releases", source(shop, label=None, master=4242))
    assert report.items == 3
    assert shop.paths()[0] == "/masters/4242/versions"


def test_an_image_whose_address_is_signed_anew_is_not_fetched_again(
    workplace, market, draw_jpeg
) -> None:
    shop = market(2)
    workplace.crawl("releases", source(shop))
    workplace.catalog.apply_crawl(workplace.run_id, "shop", complete=True)
    catalog = workplace.catalog
    stored = {cover.image_url for cover in catalog.covers.to_fetch("shop")}
    assert stored == {f"{shop.url}/s1/rs:fit/h:600/w:600/img/{n}.jpeg" for n in (1, 2)}
    for n, url in enumerate(sorted(stored), start=1):
        cover_id = str(n) * 64
        cover = Cover(cover_id, cover_id, "shop", url, 9, 9, cover_id, datetime.now(UTC))
        catalog.covers.add(workplace.run_id, cover, url)
    workplace.next_night()
    shop.faults.signature = "s2"
    workplace.crawl("releases", source(shop))
    diff = catalog.apply_crawl(workplace.run_id, "shop", complete=True)
    assert (diff.unchanged, diff.changed) == (2, 0)
    assert catalog.covers.to_fetch("shop") == []


def dump_source(market: Market, **fields: Any) -> DumpSource:
    known = {"service": "discogs", "token": "secret", "url": market.url}
    return DumpSource(spider="dump", rate_per_s=200, retries=2, **(known | fields))


def test_covers_of_a_dump_are_asked_for_where_the_service_has_them_now(
    workplace, market, draw_jpeg, tmp_path
) -> None:
    shop = market(4, Faults(gone=(4,)))
    shop.images = {f"/s1/rs:fit/h:600/w:600/img/{n}.jpeg": draw_jpeg(n) for n in (1, 2)}
    shop.images["/s1/rs:fit/h:600/w:600/img/3.jpeg"] = b"no picture"
    text = made_dumps.discogs(*map(made_dumps.release, (1, 2, 3, 4)))
    dump = made_dumps.gzipped(tmp_path / "month.gz", text)
    silent = dump_source(shop, token="")
    import_dump([dump], "shop", silent, workplace.catalog, workplace.run_id)
    assert workplace.catalog.covers.to_fetch("shop") == []
    asking = dump_source(shop)
    _, report = import_dump([dump], "shop", asking, workplace.catalog, workplace.run_id)
    assert report.files[0].parsed == 4  # what the same dump said is read anew for the images
    crawled = workplace.crawl("covers", asking)
    assert (crawled.items, crawled.failed) == (2, {"http_404": 1, "not_an_image": 1})
    assert set(workplace.catalog.covers.stored_images("shop")) == {
        f"{shop.url}/releases/{n}" for n in (1, 2)
    }
    assert "secret" not in workplace.log_path.read_text()


def test_a_stored_cover_of_a_dump_is_known_by_its_image_however_signed(
    workplace, market, draw_jpeg, tmp_path
) -> None:
    shop = market(1)
    shop.images = {"/s1/rs:fit/h:600/w:600/img/1.jpeg": draw_jpeg(1)}
    dump = made_dumps.gzipped(tmp_path / "month.gz", made_dumps.discogs(made_dumps.release(1)))
    asking = dump_source(shop)
    import_dump([dump], "shop", asking, workplace.catalog, workplace.run_id)
    workplace.crawl("covers", asking)
    workplace.weeks_later()
    shop.faults.signature, n_before = "s2", len(shop.asked)
    report = workplace.crawl("covers", asking, recheck_share=1.0)
    assert (report.failed, shop.paths()[n_before:]) == ({}, ["/releases/1"])


def test_a_release_that_was_merged_is_listed_under_its_new_id(workplace, market) -> None:
    shop = market(3, Faults(merged={2: 3}, gone=(1,)))
    report = workplace.crawl("releases", source(shop))
    assert report.complete
    assert (report.items, report.failed, report.noted["merged"]) == (1, {"http_404": 1}, 1)
    assert set(workplace.catalog.staged(workplace.run_id)) == {"shop:3"}


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "1"}, {"Retry-After": "{soon}"}])
def test_429_is_waited_out_with_and_without_a_time_and_by_the_servers_clock(
    workplace, market, headers
) -> None:
    shop = market(3, Faults(refuse={2: headers}, skew=timedelta(hours=5)))
    report = workplace.crawl("releases", source(shop))
    assert (report.complete, report.items, report.retries) == (True, 3, 1)
    assert report.seconds < 30


def test_a_token_that_is_refused_says_what_the_service_says(workplace, market) -> None:
    report = workplace.crawl("releases", source(market(3), token="old"))
    assert (report.complete, report.failed) == (False, {"http_401": 1})
    (said,) = workplace.catalog.items.failure_details("shop", "listing").values()
    assert said == "http_401 You must authenticate to access this resource."


def test_prices_are_asked_for_what_is_known(workplace, market) -> None:
    shop = market(3, Faults(gone=(4,), broken=(5,)))
    list_known(workplace, shop, range(1, 6))
    report = workplace.crawl("prices", source(shop, currency="EUR"))
    assert (report.complete, report.failed) == (True, {"http_404": 1, "unreadable": 1})
    assert report.items == 2 + 3 * 8, "of 2 nothing is for sale"
    catalog = workplace.catalog
    assert catalog.items.tally(workplace.run_id, "price") == (3, 2)
    assert catalog.publish_prices(workplace.run_id).new == 26
    assert catalog.observations.counts() == {("shop", "asking"): 2, ("shop", "suggestion"): 24}
    asked = [o for o in catalog.observations.of_releases(["shop:3"]) if o.kind == "asking"]
    assert [(str(o.price), o.currency, o.quantity) for o in asked] == [("7.50", "EUR", 9)]


def test_without_seller_settings_no_further_suggestions_are_asked_for(workplace, market) -> None:
    shop = market(3, Faults(no_suggestions=True))
    list_known(workplace, shop, range(1, 31))
    report = workplace.crawl("prices", source(shop))
    assert (report.failed, report.noted["no_suggestions"]) == ({}, 1)
    assert sum("price_suggestions" in path for path in shop.paths()) < 15


def test_a_run_that_is_gone_on_with_asks_nothing_twice(workplace, market) -> None:
    shop = market(3)
    list_known(workplace, shop, range(1, 4))
    workplace.crawl("prices", source(shop))
    before = len(shop.asked)
    again = workplace.crawl("prices", source(shop))
    assert (again.items, len(shop.asked)) == (26, before)


@pytest.mark.parametrize(
    ("limit", "left", "seconds"), [(60, 59, 0), (60, 21, 0), (60, 20, 4), (60, 8, 60), (25, 0, 60)]
)
def test_the_less_is_left_of_a_limit_the_longer_the_wait(limit, left, seconds) -> None:
    assert wait_s(limit, left, 60.0) == seconds


@pytest.mark.heavy
def test_four_crawls_of_one_address_stay_below_the_limit_in_any_window(workplace, market) -> None:
    shop = market(3, limit=24, window_s=4.0)
    list_known(workplace, shop, range(1, 12))
    reports: list[CrawlReport] = []

    def crawl(number: int) -> None:
        run_id = workplace.catalog.runs.start(f"prices-{number}")
        job = workplace.job(
            "prices",
            source(shop, rate_per_s=6.0, window_s=4.0, suggestions=False, retries=0),
        )
        reports.append(run_crawl(replace(job, run_id=run_id)))

    crawls = [threading.Thread(target=crawl, args=(n,)) for n in range(4)]
    for one in crawls:
        one.start()
    for one in crawls:
        one.join()
    assert shop.busiest <= 24
    assert [report.failed for report in reports] == [{}] * 4
