"""A plain, obedient crawl of both nights, counted by hand, against the shop's own expectation."""

import gzip
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import numpy as np
import pytest
from price_parser import Price

from cratewatch.catalog.artworks import HASH_BYTES, ArtworkIndex
from cratewatch.demo.site import DemoShop
from cratewatch.demo.stock import FORBIDDEN, NightExpectation, StockPlan, expected_night
from cratewatch.errors import ImageError
from cratewatch.images.covers import prepare_cover

NO_HASHES = np.empty((0, HASH_BYTES), np.uint8)
PLAN = StockPlan(n_releases=60, seed=5)


@dataclass
class Crawler:
    prices: dict[str, Price] = field(default_factory=dict)
    covers: dict[str, str] = field(default_factory=dict)
    artworks: ArtworkIndex = field(default_factory=lambda: ArtworkIndex([], NO_HASHES))
    artwork_ids: set[str] = field(default_factory=set)

    def crawl(self, shop: DemoShop) -> NightExpectation:
        robots = RobotFileParser(f"{shop.url}/robots.txt")
        robots.read()
        known = dict(self.prices)
        covers_before, artworks_before = set(self.covers.values()), set(self.artwork_ids)
        pages, covers, counts = Counter[str](), Counter[str](), Counter[str]()
        listed = []
        for url in self.pages(shop.url):
            if not robots.can_fetch("*", url):
                pages["robots_forbidden"] += 1
                continue
            body, failure = fetch(url)
            if failure:
                pages[failure] += 1
                continue
            html = body.decode()
            if 'class="price"' not in html:
                counts["no_product"] += 1
                continue
            listed.append(url)
            price = Price.fromstring(html.split('class="price"')[1].split("</p>")[0])
            counts[outcome(known.get(url), price)] += 1
            self.prices[url] = price
            image = html.split("<body>")[1].split('src="')[1].split('"')[0].removeprefix(shop.url)
            failure = self.take_cover(shop.url + image)
            if failure:
                covers[failure] += 1
        return NightExpectation(
            new=counts["new"],
            changed=counts["changed"],
            unchanged=counts["unchanged"],
            withdrawn=len(known.keys() - set(listed)),
            failed_pages=dict(pages),
            failed_covers=dict(covers),
            new_covers=len(set(self.covers.values()) - covers_before),
            new_artworks=len(self.artwork_ids - artworks_before),
            no_product=counts["no_product"],
        )

    def pages(self, base_url: str) -> list[str]:
        urls = []
        for sitemap in locations(fetch(f"{base_url}/sitemap.xml")[0]):
            body = fetch(sitemap)[0]
            urls += locations(gzip.decompress(body) if sitemap.endswith(".gz") else body)
        return urls

    def take_cover(self, url: str) -> str | None:
        if url in self.covers:
            return None
        body, failure = fetch(url)
        if failure:
            return failure
        try:
            cover = prepare_cover(body)
        except ImageError as error:
            return error.reason
        self.covers[url] = cover.cover_id
        self.artwork_ids.add(self.artworks.assign(cover.cover_id, cover.phash))
        return None


def outcome(before: Price | None, now: Price) -> str:
    if before is None:
        return "new"
    return "unchanged" if before.amount == now.amount else "changed"


def locations(xml: bytes) -> list[str]:
    return [e.text or "" for e in ElementTree.fromstring(xml).iter() if e.tag.endswith("}loc")]


def fetch(url: str) -> tuple[bytes, str | None]:
    failure = None
    for _ in range(3):
        try:
            with urllib.request.urlopen(url) as answer:
                return answer.read(), None
        except urllib.error.HTTPError as error:
            error.close()
            failure = "redirect_loop" if error.code == 302 else f"http_{error.code}"
    return b"", failure


@pytest.mark.heavy
def test_an_obedient_crawl_counts_what_the_shop_expects(tmp_path: Path) -> None:
    crawler = Crawler()
    with DemoShop(tmp_path, plan=PLAN, slow_answer_s=0.05) as shop:
        assert crawler.crawl(shop) == expected_night(1, PLAN)
        shop.open_night(2)
        assert crawler.crawl(shop) == expected_night(2, PLAN)
    assert FORBIDDEN not in {request.path for request in shop.requests}
