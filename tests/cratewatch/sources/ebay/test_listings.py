import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from cratewatch.catalog.records import Release
from cratewatch.sources.ebay.listings import Search, error_message, read_sales, read_summaries
from cratewatch.sources.ebay.settings import EbayListingsSource, EbaySoldSource, EbaySource
from tests.conftest import SHARED_DATA
from tests.market import PARAMETERS, SALES, SCOPES, SUMMARIES

NOW = datetime(2026, 3, 1, tzinfo=UTC)
WORDS = Search("q:x", {"q": "x"})
RECORDED = SHARED_DATA / "fixtures" / "ebay"
recorded = pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded answers are not here")
SALE: dict[str, Any] = {
    "itemId": "v1|110588014268|0",
    "title": "Nefertiti",
    "condition": "New",
    "lastSoldDate": "2026-02-11T10:00:00.000Z",
    "lastSoldPrice": {"value": "24.50", "currency": "USD"},
    "totalSoldQuantity": 3,
}


def sales(*entries: Any) -> bytes:
    return json.dumps({"itemSales": entries, "total": len(entries)}).encode()


def test_a_sale() -> None:
    (price,) = read_sales(sales(SALE), "ebay", WORDS).prices
    assert (price.kind, price.price, price.currency) == ("sold", Decimal("24.50"), "USD")
    assert price.observed_at == datetime(2026, 2, 11, 10, tzinfo=UTC)
    assert (price.media_condition, price.quantity) == ("M", 1)


@pytest.mark.parametrize(
    "change",
    [
        {"lastSoldPrice": None},
        {"lastSoldPrice": {"value": "0.0", "currency": "USD"}},
        {"lastSoldPrice": {"value": "-1", "currency": "USD"}},
        {"lastSoldPrice": {"value": "5", "currency": "XXZ"}},
        {"lastSoldPrice": {"value": "5"}},
        {"lastSoldDate": None},
        {"lastSoldDate": "2098-02-11T10:00:00.000Z"},
        {"itemId": ""},
        {"title": None},
        {"title": "Lot of 20 LPs"},
    ],
)
def test_what_lacks_a_price_a_date_or_a_name_is_left_out(change: dict[str, Any]) -> None:
    page = read_sales(sales(SALE | change, SALE, 7, None), "ebay", WORDS)
    assert len(page.prices) == 1
    assert page.lots + page.unfit == 1


def test_a_condition_that_is_missing_or_says_little_is_no_grade() -> None:
    without = {name: value for name, value in SALE.items() if name != "condition"}
    page = read_sales(sales(SALE | {"condition": "Used"}, without), "ebay", WORDS)
    assert [(p.media_condition, p.condition) for p in page.prices] == [(None, "Used"), (None, None)]


def test_nothing_found_is_an_empty_page() -> None:
    page = read_sales(b'{"total": 0, "href": "x"}', "ebay", WORDS)
    assert (page.prices, page.length, page.total) == ([], 0, 0)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"<html>"])
def test_what_is_no_page_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  several parsers' own words
        read_summaries(body, "ebay", WORDS, NOW)


def test_a_release_is_looked_for_by_its_barcode_before_its_names() -> None:
    release = Release(source="s", native_id="1", title="Nefertiti", artist="Miles Davis")
    assert Search.of(release).query == {"q": "Miles Davis Nefertiti"}
    coded = Release(source="s", native_id="1", title="Nefertiti", barcode="0 74646 42182 1")
    assert Search.of(coded).query == {"gtin": "0074646421821"}


def test_what_ebay_says_of_an_error() -> None:
    body = b'{"errors": [{"errorId": 1001, "message": "Invalid access token"}]}'
    assert error_message(body) == "Invalid access token"
    assert error_message(b"x") == ""


@recorded
def test_recorded_listings() -> None:
    for file in (RECORDED / "browse_item_summary_search").glob("*.json"):
        page = read_summaries(file.read_bytes(), "ebay", WORDS, NOW)
        assert (page.length, page.total > 1000) == (100, True)
        assert len(page.prices) > 90
        assert {price.kind for price in page.prices} == {"asking"}
    sandbox = (RECORDED / "marketplace_insights_sandbox_sample.json").read_bytes()
    page = read_sales(sandbox, "ebay", WORDS)
    assert (page.prices, page.length, page.total) == ([], 1, 1), "it has no price"


@recorded
@pytest.mark.parametrize(
    ("source", "spec"),
    [(EbaySoldSource, "buy_marketplace_insights_v1_beta"), (EbayListingsSource, "buy_browse_v1")],
)
def test_requests_are_those_of_ebays_own_specification(source: type[EbaySource], spec: str) -> None:
    said = json.loads((RECORDED / f"openapi_hendt/specs/{spec}_oas3.json").read_bytes())
    base = said["servers"][0]["variables"]["basePath"]["default"]
    operation = said["paths"][source.path.removeprefix(base)]["get"]
    known = {p["name"] for p in operation["parameters"]}
    assert {"q", "gtin", "limit", "offset", "category_ids"} <= known
    assert known >= PARAMETERS
    (security,) = operation["security"]
    assert security["api_auth"] == [source.scope]
    assert SCOPES[{EbaySoldSource: SALES, EbayListingsSource: SUMMARIES}[source]] == source.scope
