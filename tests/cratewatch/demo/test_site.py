import gzip
import http.client
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

import extruct
import pytest
from price_parser import Price

from cratewatch.demo.covers import draw_stock
from cratewatch.demo.site import DemoShop
from cratewatch.demo.stock import (
    DEAD_LINK,
    FORBIDDEN,
    PLAIN_PAGES,
    REDIRECT_LOOP,
    Fault,
    ShopRelease,
    StockPlan,
    stock_of_night,
)

PLAN = StockPlan(n_releases=60, seed=5)
SLOW_ANSWER_S = 0.3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("covers")


@pytest.fixture
def shop(folder: Path) -> Iterator[DemoShop]:
    with DemoShop(folder, plan=PLAN, slow_answer_s=SLOW_ANSWER_S) as shop:
        yield shop


def get(url: str) -> bytes:
    with urllib.request.urlopen(url) as answer:
        body: bytes = answer.read()
    return body


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def with_fault(shop: DemoShop, fault: Fault) -> ShopRelease:
    return next(release for release in shop.releases if release.fault is fault)


def locations(xml: bytes) -> list[str]:
    return [e.text or "" for e in ElementTree.fromstring(xml).iter() if e.tag.endswith("}loc")]


def listed_paths(shop: DemoShop) -> list[str]:
    paths = []
    for sitemap in locations(get(f"{shop.url}/sitemap.xml")):
        body = get(sitemap)
        xml = gzip.decompress(body) if sitemap.endswith(".gz") else body
        paths += [urlsplit(location).path for location in locations(xml)]
    return paths


def test_robots_and_sitemaps_name_every_page_once(shop: DemoShop) -> None:
    robots = get(f"{shop.url}/robots.txt").decode()
    assert f"Sitemap: {shop.url}/sitemap.xml" in robots
    assert "Disallow: /private/" in robots
    expected = [r.page_path for r in shop.releases]
    expected += [DEAD_LINK, REDIRECT_LOOP[0], FORBIDDEN, *PLAIN_PAGES]
    assert sorted(listed_paths(shop)) == sorted(expected)


def nodes(data: Any) -> Iterator[dict[str, Any]]:
    if isinstance(data, dict):
        yield data
        for value in data.values():
            yield from nodes(value)
    elif isinstance(data, list):
        for value in data:
            yield from nodes(value)


def first(found: list[dict[str, Any]], *names: str) -> Any:
    return next((node[name] for name in names for node in found if name in node), None)


def test_pages_give_the_stock_back(shop: DemoShop) -> None:
    kinds: set[tuple[str, str]] = set()
    for release in (r for r in shop.releases if r.fault is Fault.NONE):
        html = get(shop.url + release.page_path).decode()
        data = extruct.extract(
            html, shop.url, syntaxes=["json-ld", "opengraph", "microdata"], uniform=True
        )
        kind = next(syntax for syntax in data if data[syntax])
        product = next(n for n in nodes(data[kind]) if "offers" in n or "og:title" in n)
        found = list(nodes(product))
        kinds.add((kind, str(first(found, "@type"))))
        name = f"{first(found, 'name', 'og:title')} {first(found, 'byArtist')}"
        assert release.title in name
        assert release.artist in name
        assert release.sku == first(found, "sku", "product:retailer_item_id")
        price = str(first(found, "price", "lowPrice", "product:price:amount"))
        assert Price.fromstring(price).amount == release.price, price
        image = first(found, "image", "og:image")
        image = image[0] if isinstance(image, list) else image
        image = image["url"] if isinstance(image, dict) else image
        assert urljoin(shop.url, image) == shop.url + release.image_path
        assert kind == "opengraph" or release.barcode == first(found, "gtin13")
    assert len(kinds) >= 5


def test_prices_come_as_numbers_and_in_european_spelling(shop: DemoShop) -> None:
    texts = "".join(
        get(shop.url + r.page_path).decode() for r in shop.releases if r.fault is Fault.NONE
    )
    heads = texts.split('"price": ')[1:]
    assert {head[0] for head in heads} >= {'"', "2"}
    assert any('€"' in head[:14] for head in heads)
    assert any("," in head.split('"')[1] for head in heads if head[0] == '"')


def test_markup_in_names_is_escaped(shop: DemoShop) -> None:
    page = next(r for r in shop.releases if "'" in r.title or "&" in r.artist)
    html = get(shop.url + page.page_path).decode()
    assert "& " not in html.split("<body>")[1].replace("&amp; ", "")


def test_faults_over_http(shop: DemoShop) -> None:
    page = with_fault(shop, Fault.PAGE_HEALS).page_path
    assert [status_of(shop.url + page) for _ in range(3)] == [500, 500, 200]
    image = with_fault(shop, Fault.IMAGE_HEALS).image_path
    assert [status_of(shop.url + image) for _ in range(2)] == [500, 200]
    broken = with_fault(shop, Fault.PAGE_BROKEN_AT_FIRST).page_path
    assert [status_of(shop.url + broken) for _ in range(4)] == [500] * 4
    missing = with_fault(shop, Fault.IMAGE_MISSING_AT_FIRST).image_path
    assert [status_of(shop.url + path) for path in (missing, DEAD_LINK)] == [404, 404]
    with pytest.raises(urllib.error.HTTPError, match="infinite loop") as loop:
        urllib.request.urlopen(shop.url + REDIRECT_LOOP[0])
    loop.value.close()
    shop.open_night(2)
    assert [status_of(shop.url + path) for path in (missing, broken)] == [200, 200]


@pytest.mark.parametrize("fault", [Fault.PAGE_SLOW, Fault.IMAGE_SLOW])
def test_slow_answers_arrive(shop: DemoShop, fault: Fault) -> None:
    release = with_fault(shop, fault)
    path = release.page_path if fault is Fault.PAGE_SLOW else release.image_path
    start = time.monotonic()
    assert status_of(shop.url + path) == 200
    assert time.monotonic() - start >= SLOW_ANSWER_S


def test_withdrawn_pages_are_gone_on_the_second_night(shop: DemoShop) -> None:
    first_night = {r.page_path for r in shop.releases}
    shop.open_night(2)
    gone = first_night - {r.page_path for r in shop.releases}
    assert gone
    assert not gone & set(listed_paths(shop))
    assert {status_of(shop.url + path) for path in gone} == {404}


def test_every_request_is_recorded(shop: DemoShop) -> None:
    image = with_fault(shop, Fault.NONE).image_path
    get(shop.url + image)
    get(shop.url + FORBIDDEN)
    status_of(f"{shop.url}/no-such-page?query=1")
    assert shop.requests == [
        ("GET", image, 200),
        ("GET", FORBIDDEN, 200),
        ("GET", "/no-such-page", 404),
    ]
    assert shop.image_requests() == [("GET", image, 200)]


def test_head_tells_the_length_without_the_body(shop: DemoShop) -> None:
    path = with_fault(shop, Fault.NONE).image_path
    length = len(get(shop.url + path))
    request = urllib.request.Request(shop.url + path, method="HEAD")
    with urllib.request.urlopen(request) as answer:
        assert int(answer.headers["Content-Length"]) == length
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.read() == b""


def test_closing_ends_every_thread_and_kept_connection(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = set(threading.enumerate())
    with DemoShop(folder, plan=PLAN, slow_answer_s=60) as shop:
        idle = http.client.HTTPConnection(urlsplit(shop.url).netloc)
        idle.request("GET", "/")
        idle.getresponse().read()
        waiting = http.client.HTTPConnection(urlsplit(shop.url).netloc)
        waiting.request("GET", with_fault(shop, Fault.PAGE_SLOW).page_path)
        start = time.monotonic()
    assert time.monotonic() - start < 10
    assert set(threading.enumerate()) == before
    idle.close()
    waiting.close()
    with pytest.raises(urllib.error.URLError, match="refused"):
        urllib.request.urlopen(shop.url)
    assert capfd.readouterr() == ("", "")


def test_drawing_upfront_reports_and_draws_each_image_once(tmp_path: Path) -> None:
    releases = stock_of_night(1, PLAN)[:8]
    told: list[tuple[int, int]] = []
    draw_stock(tmp_path, releases, lambda done, total: told.append((done, total)))
    assert told == [(i, 8) for i in range(1, 9)]
    names = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert names.keys() == {r.image.name for r in releases}
    draw_stock(tmp_path, releases)
    assert {p.name: p.stat().st_mtime_ns for p in tmp_path.iterdir()} == names


def test_visible_price_is_the_stock_price(shop: DemoShop) -> None:
    release = with_fault(shop, Fault.NONE)
    visible = get(shop.url + release.page_path).decode().split('class="price"')[1].split("</p>")[0]
    assert Price.fromstring(visible.rpartition(">")[2]).amount == Decimal(release.price)
