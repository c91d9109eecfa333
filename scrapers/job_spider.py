"""What every spider of a crawl job knows: the job, the catalog and the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.http import Request
from twisted.python.failure import Failure

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.records import Release
from scrapers.launch import CrawlJob
from scrapers.ledger import Ledger
from scrapers.rechecks import Rechecks


class JobSpider(Spider):
    """A spider that works on one CrawlJob."""

    def __init__(self, *, job: CrawlJob, catalog: Catalog, ledger: Ledger, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job = job
        self.catalog = catalog
        self.ledger = ledger
        self.rechecks = Rechecks(job, catalog, ledger)

    def listed(self, releases: Sequence[Release]) -> Iterator[Release]:
        """Yield those releases of a listing that are still to be staged."""
        todo = set(self.ledger.plan("page", [release.page_key for release in releases]))
        for release in releases:
            if release.page_key in todo:
                yield release
                self.ledger.finish()


def failed_request(failure: Failure) -> tuple[Request, BaseException]:
    """Return what an errback is called about; Scrapy adds the request to Twisted's failure."""
    assert failure.value is not None
    return failure.request, failure.value  # type: ignore[attr-defined]


def spider_of(crawler: Crawler) -> JobSpider:
    """Return the crawler's spider, for the components that are made from a crawler."""
    if not isinstance(crawler.spider, JobSpider):
        raise TypeError(f"{crawler.spider!r} is not a JobSpider; start crawls with run_crawl")
    return crawler.spider
