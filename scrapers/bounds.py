"""What one crawl may cost: time, bytes, listings, failures in a row; beyond, it is incomplete."""

from __future__ import annotations

from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response
from scrapy.utils.defer import deferred_from_coro

from scrapers.job_spider import spider_of
from scrapers.reasons import HostClosedError, reason_of

DEADLINE, TOO_MANY_BYTES, GAVE_UP = "deadline", "too_many_bytes", "gave_up"
TOO_MANY_LISTINGS = "too_many_listings"
LISTING = "listing"
"""In a request's meta: it is for a part of the listing."""
GONE = (404, 410)
"""Answers about one page; any other failure may be the host's own."""


class Bounds:
    """Ends a crawl after too many bytes, listings or failures, and notes that its time was over.

    As the outermost middleware it sees what is left after all retries.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._spider = spider_of(crawler)
        self._source = self._spider.job.source
        self._bytes = 0
        self._failures = 0
        self._listings = 0
        self._ending = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Watch the crawl of the crawler's job."""
        bounds = cls(crawler)
        crawler.signals.connect(bounds.count_bytes, signal=signals.response_downloaded)
        crawler.signals.connect(bounds.note_deadline, signal=signals.spider_closed)
        return bounds

    def process_request(self, request: Request) -> None:
        """Count what is asked of the listing; raise IgnoreRequest beyond the bound."""
        if not request.meta.get(LISTING) or request.meta.get("retry_times"):
            return
        self._listings += 1
        most = self._source.max_listings
        if self._listings > most:
            detail = f"more than {most:,} sitemaps or feed pages; raise max_listings to allow it"
            self._end(TOO_MANY_LISTINGS, detail)
            raise IgnoreRequest(f"{request.url}: {detail}")

    def process_response(self, request: Request, response: Response) -> Response:
        """Count a failure, or end the row of them."""
        del request
        if response.status < 400 or response.status in GONE:
            self._failures = 0
        else:
            self._count_failure(f"http_{response.status}")
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Count a failure, but for requests that were not to be sent."""
        del request
        if isinstance(exception, HostClosedError) or not isinstance(exception, IgnoreRequest):
            self._count_failure(reason_of(exception))

    def count_bytes(self, response: Response) -> None:
        """Add up what came, retried requests included."""
        self._bytes += len(response.body)
        most = self._source.max_bytes
        if self._bytes > most:
            self._end(TOO_MANY_BYTES, f"more than {most:,} bytes came; raise max_bytes to allow it")

    def note_deadline(self, reason: str) -> None:
        """Note that a crawl was ended by its deadline."""
        if reason == "closespider_timeout":
            within = f"not done within {self._source.deadline_s:,.0f} s"
            self._note(DEADLINE, f"{within}; raise deadline_s, or rate_per_s if the shop permits")

    def _count_failure(self, reason: str) -> None:
        self._failures += 1
        if self._failures >= self._source.give_up_after:
            self._end(GAVE_UP, f"{self._failures} requests in a row failed, the last by {reason}")

    def _end(self, reason: str, detail: str) -> None:
        if not self._ending:
            self._ending = True
            self._note(reason, detail)
            deferred_from_coro(self._crawler.stop_async())

    def _note(self, reason: str, detail: str) -> None:
        self._spider.ledger.fail_listing(self._source.addresses[0], reason, detail)
