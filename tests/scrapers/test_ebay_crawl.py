"""Whole crawls of eBay's two searches, replayed."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from cratewatch.catalog.records import Release
from cratewatch.sources.ebay.settings import EbayListingsSource, EbaySoldSource, EbaySource
from tests.market import KEYS, SALES, SUMMARIES, Faults, Market


def keys(market: Market, **fields: Any) -> dict[str, Any]:
    fast: dict[str, Any] = {"rate_per_s": 200.0, "retries": 1, "url": market.url}
    return fast | {"client_id": KEYS[0], "client_secret": KEYS[1]} | fields


def sold(market: Market, **fields: Any) -> EbaySource:
    return EbaySoldSource(spider="ebay_sold", **keys(market, **fields))


def asked(market: Market, **fields: Any) -> EbaySource:
    return EbayListingsSource(spider="ebay_listings", **keys(market, **fields))


def sale(n: int, **fields: Any) -> dict[str, Any]:
    return {
        "itemId": f"v1|{n}|0",
        "title": f"Miles Davis Nefertiti CL 2794 no. {n}",
        "condition": "Used",
        "lastSoldDate": "2026-03-01T10:00:00.000Z",
        "lastSoldPrice": {"value": f"{n}.50", "currency": "USD"},
        "totalSoldQuantity": 1,
        "itemWebUrl": f"https://www.ebay.com/itm/{n}",
    } | fields


@pytest.fixture
def market() -> Iterator[Market]:
    one = Market()
    yield one
    one.close()


def test_sold_listings_of_all_pages_with_one_token_of_the_right_scope(workplace, market) -> None:
    market.listings["jazz lp"] = [sale(n) for n in range(1, 251)]
    report = workplace.crawl(
        "prices", sold(market, queries=("jazz lp", "nothing"), max_results=1000)
    )
    assert (report.complete, report.items, report.failed) == (True, 250, {})
    assert (market.minted, market.wrong) == (1, [])
    searched = [(path, query["offset"]) for _, path, query, _ in market.asked if path == SALES]
    assert sorted(searched) == [(SALES, "0"), (SALES, "0"), (SALES, "200")]
    *_, headers = market.asked[-1]
    assert headers["X-Ebay-C-Marketplace-Id"] == "EBAY_US"
    workplace.catalog.publish_prices(workplace.run_id)
    assert workplace.catalog.observations.counts() == {("shop", "sold"): 250}
    assert "cert" not in workplace.log_path.read_text()


def test_a_token_that_ends_in_mid_crawl_is_renewed(workplace, market) -> None:
    market.faults = Faults(expire_after=4)
    queries = tuple(f"q{n}" for n in range(10))
    market.listings |= {query: [sale(n)] for n, query in enumerate(queries, start=1)}
    report = workplace.crawl("prices", sold(market, queries=queries, concurrency=1))
    assert (report.items, report.failed) == (10, {})
    assert market.minted == 3


def test_keys_that_are_refused_fail_all_with_what_was_said_and_one_mint(workplace, market) -> None:
    market.faults = Faults(no_tokens=True)
    report = workplace.crawl("prices", sold(market, queries=("a", "b", "c")))
    assert report.failed == {"no_token": 3}
    assert market.paths() == ["/identity/v1/oauth2/token"]
    said = set(workplace.catalog.items.failure_details("shop", "price").values())
    assert all("401 client authentication failed; check client_id" in detail for detail in said)


def test_429_and_a_clock_that_is_hours_ahead_are_borne(workplace, market) -> None:
    market.faults = Faults(refuse={2: {"Retry-After": "{soon}"}}, skew=timedelta(hours=9))
    market.listings["a"] = [sale(1)]
    report = workplace.crawl("prices", sold(market, queries=("a",)))
    assert (report.items, report.failed, report.retries) == (1, {}, 1)
    assert market.minted == 1


def test_releases_are_looked_for_by_barcode_or_names_and_linked_where_sure(
    workplace, market
) -> None:
    known = [
        Release(source="shop", native_id="1", title="Nefertiti", artist="Miles Davis",
                barcode="074646421821", page_url="https://shop/1"),
        Release(source="shop", native_id="2", title="Nefertiti", artist="Miles Davis",
                catno="CL-2794", page_url="https://shop/2"),
    ]  # fmt: skip
    catalog = workplace.catalog
    catalog.stage(workplace.run_id, known)
    catalog.apply_crawl(workplace.run_id, "shop", complete=True)
    market.listings = {
        "0074646421821": [sale(1, title="Nefertiti LP")],
        "Miles Davis Nefertiti": [sale(2), sale(3, title="Miles Davis Nefertiti reissue")],
    }
    workplace.next_night()
    workplace.crawl("prices", sold(market, of=("shop",)))
    catalog.publish_prices(workplace.run_id)
    linked = {o.native_id: o.release_id for o in catalog.observations.all()}
    assert linked == {"v1|1|0": "shop:1", "v1|2|0": "shop:2", "v1|3|0": None}


def test_what_is_asked_is_never_taken_for_what_was_paid(workplace, market) -> None:
    price = {"value": "0.75", "currency": "USD", "convertedFromValue": "0.99"}
    price["convertedFromCurrency"] = "CAD"
    market.listings["a"] = [
        sale(1, price=price),
        sale(2, price={"value": "x"}),
        sale(3, price=price, title="Jazz records job lot"),
    ]
    report = workplace.crawl("prices", asked(market, queries=("a",)))
    assert (report.items, report.noted["lot"]) == (1, 1)
    workplace.catalog.publish_prices(workplace.run_id)
    (found,) = workplace.catalog.observations.all(kinds=("sold", "asking"))
    assert (found.kind, str(found.price), found.currency) == ("asking", "0.99", "CAD")
    assert SUMMARIES in market.paths()


def test_a_token_for_one_search_is_none_for_the_other(workplace, market) -> None:
    assert EbaySoldSource.scope != EbayListingsSource.scope
    market.listings["a"] = [sale(1)]
    source = asked(market, queries=("a",))
    assert workplace.crawl("prices", source).failed == {}
    assert {path for path in market.paths() if "search" in path} == {SUMMARIES}
