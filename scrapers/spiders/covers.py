"""The images that the catalog misses, then some that it has: each one as a CoverItem."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from cratewatch.catalog.records import CoverToFetch, item_key
from scrapers.addresses import INTERNAL
from scrapers.items import CoverItem
from scrapers.job_spider import JobSpider

EXPIRED = "given up after"


class CoversSpider(JobSpider):
    """Yields an item for each image; the pipelines do the rest."""

    name = "covers"

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Return one that counts an item as handled when it has left the pipelines."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        for ended in (signals.item_scraped, signals.item_dropped, signals.item_error):
            crawler.signals.connect(spider.finish, signal=ended)
        return spider

    def finish(self, item: CoverItem) -> None:
        """Count an item that was handled, with whatever result."""
        self.rechecks.finish(item)
        self.ledger.finish()

    async def start(self) -> AsyncIterator[Any]:
        """Yield one request without network: items of this method itself would not be bounded.

        Of a callback's items Scrapy handles CONCURRENT_ITEMS at once; it also fails to close
        a spider (2.19) while items are under way that came from no request.
        """
        yield Request("data:,", callback=self.list_covers, meta={INTERNAL: True})

    def list_covers(self, response: Response) -> Iterator[CoverItem]:
        """Yield what is to be fetched, until the engine is told to stop."""
        del response
        for item in self._wanted():
            if not self.crawler.engine.running:
                return
            yield item

    def _wanted(self) -> Iterator[CoverItem]:
        source = self.job.source_name
        missing = [
            cover.image_url
            for cover in self.catalog.covers.to_fetch(source)
            if not self._is_expired(cover)
        ]
        todo, due = self.ledger.plan("cover", missing), self.rechecks.due()
        self.ledger.planned = (self.ledger.planned or 0) + len(due)
        for image_url in todo:
            yield CoverItem(source, image_url)
        for image in due:
            yield CoverItem(source, image.image_url, known=image)

    def _is_expired(self, cover: CoverToFetch) -> bool:
        """Give an image up that could not be fetched for too long, and keep why it could not."""
        days = self.job.source.images_expire_days
        if cover.since > datetime.now(UTC) - timedelta(days=days):
            return False
        last = self._failures.get(item_key(cover.image_url), "nothing was tried")
        detail = last if last.startswith(EXPIRED) else f"{EXPIRED} {days:g} days; the last: {last}"
        self.ledger.fail("cover", cover.image_url, "expired", detail)
        return True

    @cached_property
    def _failures(self) -> dict[str, str]:
        return self.catalog.items.failure_details(self.job.source_name, "cover")
