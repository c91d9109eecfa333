"""The process of one crawl: a job as JSON on standard input, JSON lines on standard output.

The lines are {"progress": ...}, then {"report": ...} or {"error": ..., "unavailable": ...}; see
scrapers.launch. Scrapy's log goes to standard error. The end of standard input means that the
parent is gone.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module

from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.http import Request
from scrapy.utils.defer import deferred_from_coro
from scrapy.utils.spider import iter_spider_classes
from twisted.python.failure import Failure

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.records import Release
from cratewatch.errors import CratewatchError, UnavailableError
from scrapers.host_times import HostTimes
from scrapers.items import CoverItem
from scrapers.job_spider import JobSpider, spider_of
from scrapers.launch import CrawlJob, CrawlProgress, CrawlReport
from scrapers.ledger import Ledger
from scrapers.parent import Parent
from scrapers.settings import scrapy_settings


def main() -> int:
    """Run the job that stands on standard input; return the exit code."""
    parent = Parent(sys.stdin, sys.stdout)
    sys.stdout = sys.stderr  # a stray print must not break the protocol
    job = CrawlJob.from_json(parent.read_job())
    parent.watch()

    def tell_progress(progress: CrawlProgress) -> None:
        parent.tell({"progress": asdict(progress)})

    try:
        report = crawl(job, tell_progress)
    except CratewatchError as error:
        unavailable = isinstance(error, UnavailableError)
        parent.tell({"error": str(error), "unavailable": unavailable})
        return 1
    parent.tell({"report": asdict(report)})
    return 0


def crawl(job: CrawlJob, on_progress: Callable[[CrawlProgress], None]) -> CrawlReport:
    """Run the job's spider to its end in this process; possible once per process."""
    started = time.monotonic()
    catalog = open_catalog(job.catalog_url)
    ledger = Ledger(job, catalog, on_progress)
    times = HostTimes()
    crawler = _run_spider(job, catalog, ledger, times)
    stats = crawler.stats.get_stats()
    ended = stats.get("finish_reason") == "finished"
    ledger.settle(ended=ended)
    if job.job == "covers":
        spider_of(crawler).rechecks.settle()
    ledger.save()
    ledger.leave()
    if job.job == "covers":
        ledger.noted["placeholder"] += catalog.covers.mark_placeholders()
    ledger.tell(now=True)
    catalog.close()
    return CrawlReport(
        complete=ledger.complete and ended,
        items=ledger.items,
        requests=ledger.requests,
        retries=stats.get("retry/count", 0),
        seconds=round(time.monotonic() - started, 3),
        failed=dict(ledger.failed),
        noted={kind: count for kind, count in ledger.noted.items() if count},
        hosts=times.told(),
    )


def _run_spider(job: CrawlJob, catalog: Catalog, ledger: Ledger, times: HostTimes) -> Crawler:
    process = AsyncCrawlerProcess(scrapy_settings(job))
    crawler = process.create_crawler(_spider_class(job))
    watcher = _Watcher(crawler, ledger)
    crawler.signals.connect(watcher.count_request, signal=signals.request_left_downloader)
    crawler.signals.connect(times.add, signal=signals.response_downloaded)
    crawler.signals.connect(watcher.count_page_bug, signal=signals.spider_error)
    crawler.signals.connect(watcher.count_item_bug, signal=signals.item_error)
    process.crawl(crawler, job=job, catalog=catalog, ledger=ledger)
    process.start()
    if watcher.broken is not None:
        raise watcher.broken
    return crawler


def _spider_class(job: CrawlJob) -> type[JobSpider]:
    """Import the one spider that is needed: readers of markup are slow to import."""
    name = "covers" if job.job == "covers" else job.source.spider
    module = import_module(f"scrapers.spiders.{name}")
    return next(spider for spider in iter_spider_classes(module) if issubclass(spider, JobSpider))


class _Watcher:
    """Counts requests, and what crashed as the failure of its page or item; see the log for why.

    Attributes:
        broken: What ended the crawl, because every further item would fail of it as well:
            catalog or lake cannot be written.
    """

    def __init__(self, crawler: Crawler, ledger: Ledger) -> None:
        self._crawler = crawler
        self._ledger = ledger
        self.broken: CratewatchError | None = None

    def count_request(self, request: Request) -> None:
        if request.url.startswith("http"):
            self._ledger.requests += 1

    def count_page_bug(self, failure: Failure, response: object) -> None:
        if self._stop_if_broken(failure):
            return
        url = getattr(response, "url", "")  # a Failure if an errback crashed
        self._ledger.fail_listing(url or "unknown", "error", repr(failure.value))

    def count_item_bug(self, item: Release | CoverItem, failure: Failure) -> None:
        if self._stop_if_broken(failure):
            return
        if isinstance(item, CoverItem):
            self._ledger.fail(item.kind, item.image_url, "error", repr(failure.value))
        else:
            self._ledger.fail_listing(item.page_key, "error", repr(failure.value))

    def _stop_if_broken(self, failure: Failure) -> bool:
        if isinstance(failure.value, CratewatchError) and self.broken is None:
            self.broken = failure.value
            deferred_from_coro(self._crawler.stop_async())
        return self.broken is not None


if __name__ == "__main__":
    sys.exit(main())
