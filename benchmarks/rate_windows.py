"""Four crawls of one source at a rate limit of 60 requests in 60 s, watched in every such window.

    .venv/bin/python -m benchmarks.rate_windows
    .venv/bin/python -m benchmarks.rate_windows --url postgresql://…

A replayed Discogs on loopback counts requests, tells in its headers what is left, and refuses what
is beyond. The crawls ask for prices, each at the whole rate that the terms allow. Without a URL
each has its own catalog, as four strangers behind one address have: only the headers keep them
apart. With that of an empty PostgreSQL database they share one run, and the pace.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from cratewatch.catalog.catalog import open_catalog
from cratewatch.catalog.records import Release
from cratewatch.lake.location import LakeLocation
from cratewatch.secret_url import SecretUrl
from cratewatch.sources.discogs.settings import DiscogsSource
from scrapers.launch import CrawlJob, CrawlReport, run_crawl
from tests.market import Market

CRAWLS = 4
LIMIT, WINDOW_S, RATE_PER_S = 60, 60.0, 1.0


@dataclass(frozen=True)
class Watched:
    """What four crawls did.

    Attributes:
        busiest: The most requests of any window.
        twice: Releases that were asked for more than once.
        refused: Requests that the service answered with 429.
    """

    seconds: float
    requests: int
    busiest: int
    twice: int
    refused: int
    failed: int


def watch(folder: Path, url: str, releases: int, window_s: float = WINDOW_S) -> Watched:
    """Let four crawls ask for releases' prices, all in all or each, where they share no catalog."""
    urls = [url] * CRAWLS if url else [f"sqlite:///{folder}/{n}.db" for n in range(CRAWLS)]
    market = Market(releases, limit=LIMIT, window_s=window_s)
    try:
        run_ids = [_prepare(one, market, releases) for one in dict.fromkeys(urls)]
        jobs = [
            _job(folder, one, market, run_ids[0 if url else n], joins=bool(url) and n > 0)
            for n, one in enumerate(urls)
        ]
        return _watch(jobs, market)
    finally:
        market.close()


def _prepare(url: str, market: Market, releases: int) -> str:
    """Return a run of a catalog that knows the releases, and has planned to ask for them."""
    listed = [
        Release(source="shop", native_id=str(n), title="t", page_url=f"{market.url}/r/{n}")
        for n in range(1, releases + 1)
    ]
    with closing(open_catalog(url)) as catalog:
        run_id = catalog.runs.start("refresh-shop")
        catalog.stage(run_id, listed)
        catalog.apply_crawl(run_id, "shop", complete=True)
        run_id = catalog.runs.start("prices-shop")
        catalog.items.plan(run_id, "shop", "price", [one.release_id for one in listed])
        return run_id


def _job(folder: Path, url: str, market: Market, run_id: str, *, joins: bool) -> CrawlJob:
    source = DiscogsSource(
        spider="discogs",
        token=SecretStr("secret"),
        label="Columbia",
        url=market.url,
        site_url=market.url,
        rate_per_s=RATE_PER_S,
        suggestions=False,
        retries=0,
    )
    return CrawlJob(
        job="prices",
        source_name="shop",
        source=source,
        run_id=run_id,
        catalog_url=SecretUrl(url),
        lake=LakeLocation(str(folder / "lake")),
        contact="",
        log_path=folder / "crawl.log",
        joins=joins,
    )


def _watch(jobs: Sequence[CrawlJob], market: Market) -> Watched:
    reports: list[CrawlReport] = []

    def crawl_for(job: CrawlJob) -> None:
        reports.append(run_crawl(job))

    crawls = [threading.Thread(target=crawl_for, args=(job,)) for job in jobs]
    began = time.monotonic()
    for crawl in crawls:
        crawl.start()
    for crawl in crawls:
        crawl.join()
    paths = Counter(market.paths())
    return Watched(
        seconds=time.monotonic() - began,
        requests=len(market.asked),
        busiest=market.busiest,
        twice=sum(n > 1 for n in paths.values()),
        refused=sum(report.failed.get("http_429", 0) for report in reports),
        failed=sum(sum(report.failed.values()) for report in reports),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--url", default="", help="of an empty database of PostgreSQL")
    parser.add_argument("--releases", type=int, default=150, help="for each crawl, or for all")
    parser.add_argument("--home", type=Path, default=Path("build/rate-windows"))
    options = parser.parse_args()
    shutil.rmtree(options.home, ignore_errors=True)
    options.home.mkdir(parents=True)
    done = watch(options.home.absolute(), options.url, options.releases)
    print(
        f"{CRAWLS} crawls, {done.requests} requests in {done.seconds:.0f} s: at most "
        f"{done.busiest} in any {WINDOW_S:.0f} s, of {LIMIT} allowed, {done.refused} refused, "
        f"{done.failed} failed, {done.twice} asked twice"
    )
    return int(done.busiest > LIMIT or done.failed > 0)


if __name__ == "__main__":
    sys.exit(main())
