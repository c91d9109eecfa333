"""Proxies: who is chosen, who rests, and a crawl of images by way of them."""

import json
from typing import Any

import pytest
from pydantic import ValidationError
from scrapy.http import HtmlResponse, Response

from cratewatch.sources.discogs.settings import DiscogsSource
from cratewatch.sources.listings_file.settings import ListingsFileSource
from scrapers.proxies import FIRST_REST_S, Pool, is_ban
from scrapers.reasons import NoProxyError, reason_of
from tests.loopback_site import Site


def test_proxies_take_turns() -> None:
    pool = Pool(["a", "b", "c"])
    assert [pool.next() for _ in range(6)] == ["a", "b", "c", "a", "b", "c"]


def test_one_that_fails_rests_longer_each_time_until_something_comes_through() -> None:
    now = [0.0]
    pool = Pool(["a", "b"], lambda: now[0])
    pool.fail("a")
    assert [pool.next() for _ in range(3)] == ["b", "b", "b"]
    now[0] = FIRST_REST_S
    assert pool.next() == "a"
    pool.fail("a")
    now[0] += FIRST_REST_S
    assert pool.next() == "b"
    now[0] += FIRST_REST_S
    assert pool.next() == "a"
    pool.succeed("a")
    pool.fail("a")
    now[0] += FIRST_REST_S
    assert "a" in (pool.next(), pool.next())


def test_where_all_rest_nothing_is_asked() -> None:
    pool = Pool(["a"])
    pool.fail("a")
    with pytest.raises(NoProxyError, match="all 1 proxies rest") as error:
        pool.next()
    assert reason_of(error.value) == "no_proxy"


@pytest.mark.parametrize(
    ("status", "kind", "body", "expected"),
    [
        (200, "text/html", b"<p>Please solve this CAPTCHA</p>", True),
        (200, "text/html", b"<p>Captain Beefheart</p>", False),
        (407, "", b"", True),
        (429, "", b"", True),
        (403, "application/xml", b"<Error>Request has expired</Error>", False),
        (200, "image/jpeg", b"captcha", False),
    ],
)
def test_a_ban_is_told_from_an_answer(status: int, kind: str, body: bytes, expected: bool) -> None:
    response: Response = HtmlResponse("http://x", status, {"Content-Type": kind}, body=body)
    assert is_ban(response) is expected


def test_terms_that_allow_no_proxies_are_kept() -> None:
    fields: dict[str, Any] = {"label": "x", "token": "t", "proxies": ["http://u:secret@p:1"]}
    with pytest.raises(ValidationError, match="may not be asked by way of proxies") as error:
        DiscogsSource(spider="discogs", **fields)
    assert "secret" not in str(error.value)


def test_images_come_by_way_of_the_proxy_that_is_not_banned(
    site: Site, workplace: Any, draw_jpeg: Any
) -> None:
    other = Site()
    listing = {
        "product_id": "1",
        "title": "Nefertiti",
        "sold_price": "9.50",
        "currency": "EUR",
        "sold_date": "2026-03-01",
        "image_urls": ["http://images.example/1.jpg"],
    }
    file = workplace.folder / "sold.json"
    file.write_text(json.dumps([listing]))
    html = {"Content-Type": "text/html"}
    site.add("http://images.example/1.jpg", b"<p>Are you a robot?</p>", headers=html)
    other.add("http://images.example/1.jpg", draw_jpeg(1))
    fields: dict[str, Any] = {"rate_per_s": 100, "retries": 0, "obey_robots": False,
                              "proxies": [site.url, other.url]}  # fmt: skip
    source = ListingsFileSource(
        spider="listings_file", file=str(file), url="http://127.0.0.1:1", **fields
    )
    try:
        workplace.crawl("releases", source)
        workplace.catalog.apply_crawl(workplace.run_id, "shop", complete=False)
        covers = workplace.crawl("covers", source)
    finally:
        other.close()
    assert (covers.items, covers.failed) == (1, {})
    assert (len(site.requests), len(other.requests)) == (1, 1)
