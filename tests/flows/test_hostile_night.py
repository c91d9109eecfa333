"""A night with a shop that means harm, a source that breaks and a shop that is as it should be."""

from __future__ import annotations

import io
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from scrapers.launch import DEADLINE_GRACE_S, run_crawl
from tests.loopback_site import ELSEWHERE, Connections, Site
from tests.pictures import draw_noise

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("prefect")]
DEADLINE_S = 8.0
SETTINGS = """
[sources.{name}]
spider = "storefront"
url = "{url}"
rate_per_s = 100
retries = 1
timeout_s = 4
deadline_s = {deadline}
max_bytes = 3_000_000
max_listings = 25
give_up_after = 1000
"""
LONG = "Blue " * 2000
EVIL = "A[/]B\x1b]0;owned\x07<script>alert(1)</script>"


def page(url: str, sku: str, image: str, name: str = "Dusk") -> str:
    product = {"@type": "Product", "@id": url, "sku": sku, "name": f"Ana - {name}", "image": image}
    data = json.dumps(product).replace("</", "<\\/")
    return f'<html><script type="application/ld+json">{data}</script></html>'


def jpeg(seed: int) -> bytes:
    file = io.BytesIO()
    draw_noise(seed).save(file, "JPEG")
    return file.getvalue()


def sitemap(urls: list[str]) -> str:
    return f"<urlset>{''.join(f'<url><loc>{url}</loc></url>' for url in urls)}</urlset>"


def stock_hostile(shop: Site) -> None:
    """Have it do at once what the storefronts' own tests try one by one."""
    lines = [f"Sitemap: {url}" for url in (*ELSEWHERE, "/0.xml", "/own.xml")]
    shop.add("/robots.txt", "\n".join(lines))
    for n in range(60):  # a listing without end
        shop.add(
            f"/{n}.xml", f"<sitemapindex><sitemap><loc>/{n + 1}.xml</loc></sitemap></sitemapindex>"
        )
    urls = []

    def add(path: str, *args: Any, **options: Any) -> None:
        shop.add(path, *args, **options)
        urls.append(shop.url + path)

    for n, elsewhere in enumerate(ELSEWHERE):
        add(f"/moved-{n}", status=302, headers={"Location": elsewhere})
        add(f"/image-{n}", page(f"/image-{n}", f"image-{n}", elsewhere))
    add("/home", status=302, headers={"Location": "/"})
    add("/evil", page("/evil", "evil", "/good.jpg", EVIL))
    add("/long", page("/long", "long", "/good.jpg", LONG))
    add("/wait", "busy", status=503, headers={"Retry-After": "86400"})
    for n in range(200):
        add(f"/large-{n}", "x" * 100_000)
        add(f"/slow-{n}", page(f"/slow-{n}", f"slow-{n}", ""), delay_s=3.0)
    shop.add("/good.jpg", jpeg(1))
    shop.add("/own.xml", sitemap(urls))


def stock_good(shop: Site) -> None:
    shop.add("/robots.txt", "Sitemap: /sitemap.xml")
    shop.add("/sitemap.xml", sitemap([f"{shop.url}/p/{n}" for n in range(5)]))
    for n in range(5):
        shop.add(f"/p/{n}", page(f"/p/{n}", f"good-{n}", f"/{n}.jpg", f"Night {n}"))
        shop.add(f"/{n}.jpg", jpeg(n))


@pytest.fixture
def sites() -> Iterator[tuple[Site, Site]]:
    both = Site(), Site()
    yield both
    for site in both:
        site.close()


def test_one_source_costs_the_others_nothing(
    home: Path,
    sites: tuple[Site, Site],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from flows import refreshing
    from flows.refresh_catalog import refresh_catalog

    hostile, good = sites
    stock_hostile(hostile)
    stock_good(good)
    home.mkdir()
    (home / "cratewatch.toml").write_text(
        SETTINGS.format(name="hostile", url=hostile.url, deadline=DEADLINE_S)
        + SETTINGS.format(name="broken", url=hostile.url, deadline=DEADLINE_S)
        + SETTINGS.format(name="good", url=good.url, deadline=DEADLINE_S)
    )

    def crawl(job: Any, *rest: Any) -> Any:
        if job.source_name == "broken":
            raise RuntimeError("a bug in what reads this source")
        return run_crawl(job, *rest)

    monkeypatch.setattr(refreshing, "run_crawl", crawl)
    connections = Connections(tmp_path, monkeypatch)
    started = time.monotonic()
    with pytest.raises(refreshing.RefreshError) as raised:
        refresh_catalog(home, ["hostile", "broken", "good"])

    reports = {report.source: report for report in raised.value.reports}
    assert time.monotonic() - started < DEADLINE_S + DEADLINE_GRACE_S
    assert connections.hosts() <= {"127.0.0.1", "local"}
    assert "nothing was withdrawn" in str(reports["hostile"].error)
    assert {"deadline", "address_refused"} <= set(reports["hostile"].failed)
    assert "RuntimeError: a bug" in str(reports["broken"].error)
    assert reports["good"].error is None
    assert reports["good"].diff.new == reports["good"].covers.items == 5
    with closing(sqlite3.connect(home / "catalog.db")) as catalog:
        rows = catalog.execute("SELECT source, artist, title FROM releases").fetchall()
    assert [source for source, _, _ in rows].count("good") == 5
    texts = [text for _, *both in rows for text in both]
    assert not [text for text in texts if "\x1b" in text or "<script" in text]
