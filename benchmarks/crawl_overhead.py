"""Our crawl against a bare Scrapy spider that yields the same items from the same server.

    .venv/bin/python benchmarks/crawl_overhead.py --pages 10000 --pairs 3

Both read the sitemap of a loopback shop and every product page in it, with the same concurrency
and no limit on the rate, and make a release of each page with the same parser. Ours is the crawl
of a refresh: robots.txt, retries, pipelines, the ledger and staging in a SQLite catalog, started
and followed by run_crawl. The bare one has Scrapy's own middlewares and no pipeline. They take
turns, and each runs in a process of its own, whose whole time counts. docs/operations.md holds
the output.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from scrapy import Spider
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Request, Response, TextResponse

from benchmarks.loopback_shop import loopback_shop
from cratewatch.catalog.catalog import open_catalog
from cratewatch.catalog.records import Release
from cratewatch.lake.location import LakeLocation
from cratewatch.secret_url import SecretUrl
from cratewatch.sources.storefront.product_data import ProductPage, read_page
from cratewatch.sources.storefront.settings import StorefrontSource
from cratewatch.sources.storefront.sitemap import read_sitemap
from cratewatch.sources.storefront.which_product import Visit
from scrapers.launch import CrawlJob, run_crawl

CONCURRENCY = 16
UNBOUND_PER_S = 1e9
LEAST_RATIO = 0.7


def main() -> None:
    options = _options()
    if options.bare:
        _crawl_bare(options.bare)
        return
    shutil.rmtree(options.home, ignore_errors=True)
    options.home.mkdir(parents=True)
    rates: dict[str, list[float]] = {"ours": [], "bare": []}
    with loopback_shop(options.pages) as url:
        for pair in range(options.pairs):
            rates["ours"].append(
                _ours(url, options.home.absolute() / f"ours-{pair}", options.pages)
            )
            rates["bare"].append(_bare(url, options.home.absolute(), options.pages))
    _show(rates)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=3, help="runs of each, taking turns")
    parser.add_argument("--home", type=Path, default=Path("build/crawl-overhead"))
    parser.add_argument("--bare", metavar="URL", help=argparse.SUPPRESS)
    return parser.parse_args()


def _ours(url: str, home: Path, pages: int) -> float:
    """Return the items per second of our crawl."""
    catalog_url = f"sqlite:///{home / 'catalog.db'}"
    catalog = open_catalog(catalog_url)
    job = CrawlJob(
        job="releases",
        source_name="shop",
        source=StorefrontSource(
            spider="storefront", url=url, rate_per_s=UNBOUND_PER_S, concurrency=CONCURRENCY
        ),
        run_id=catalog.runs.start("refresh-shop"),
        catalog_url=SecretUrl(catalog_url),
        lake=LakeLocation(str(home / "lake")),
        contact="",
        log_path=home / "crawl.log",
    )
    start = time.perf_counter()
    report = run_crawl(job)
    seconds = time.perf_counter() - start
    staged = len(catalog.staged(job.run_id))
    catalog.close()
    if not (report.complete and report.items == staged == pages):
        raise SystemExit(f"ours: {report}, {staged} staged, {pages} pages; see {job.log_path}")
    return pages / seconds


def _bare(url: str, home: Path, pages: int) -> float:
    """Return the items per second of the bare spider."""
    start = time.perf_counter()
    with (home / "bare.log").open("ab") as log:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.crawl_overhead", "--bare", url],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            check=True,
        )
    seconds = time.perf_counter() - start
    if json.loads(done.stdout)["items"] != pages:
        raise SystemExit(f"bare: {done.stdout}, {pages} pages; see {home / 'bare.log'}")
    return pages / seconds


class BareSpider(Spider):
    """Yields a release for each page of the sitemap, and nothing else."""

    name = "bare"

    def __init__(self, url: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start_urls = [f"{url}/sitemap.xml"]

    def parse(self, response: Response) -> Iterator[Request]:
        for url in read_sitemap(response.body, response.url).urls:
            yield Request(url, callback=self.parse_page)

    def parse_page(self, response: Response) -> Iterator[Release]:
        assert isinstance(response, TextResponse)
        page = read_page(response.text, Visit("shop", response.url, response.url, response.url))
        assert isinstance(page, ProductPage)
        yield page.release


def _crawl_bare(url: str) -> None:
    settings = {
        "CONCURRENT_REQUESTS": 8 * CONCURRENCY,  # as scrapers.settings has it
        "CONCURRENT_REQUESTS_PER_DOMAIN": CONCURRENCY,
        "DOWNLOAD_DELAY": 0,
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "LOG_LEVEL": "INFO",
    }
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(BareSpider)
    process.crawl(crawler, url=url)
    process.start()
    sys.stdout.write(json.dumps({"items": crawler.stats.get_value("item_scraped_count")}) + "\n")


def _show(rates: dict[str, list[float]]) -> None:
    ratios = [ours / bare for ours, bare in zip(rates["ours"], rates["bare"], strict=True)]
    table = Table("pair", "ours, items/s", "bare, items/s", "ratio")
    for number, (ours, bare, ratio) in enumerate(
        zip(rates["ours"], rates["bare"], ratios, strict=True), start=1
    ):
        table.add_row(str(number), f"{ours:.0f}", f"{bare:.0f}", f"{ratio:.2f}")
    medians = [statistics.median(values) for values in (rates["ours"], rates["bare"], ratios)]
    table.add_row("median", f"{medians[0]:.0f}", f"{medians[1]:.0f}", f"{medians[2]:.2f}")
    Console().print(table)
    print(f"at least {LEAST_RATIO} is wanted: {'yes' if medians[2] >= LEAST_RATIO else 'NO'}")


if __name__ == "__main__":
    main()
