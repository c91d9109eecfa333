"""The images that the catalog misses: each one goes through the pipelines as a CoverItem."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler

from scrapers.items import CoverItem
from scrapers.job_spider import JobSpider


class CoversSpider(JobSpider):
    name = "covers"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._room = asyncio.Semaphore(8 * self.job.source.concurrency)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        for ended in (signals.item_scraped, signals.item_dropped, signals.item_error):
            crawler.signals.connect(spider.finish_one, signal=ended)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Yield an item for each image URL, with a bounded number of them under way."""
        wanted = self.catalog.covers_to_fetch(self.job.source_name)
        self.ledger.planned = len(wanted)
        for cover in wanted:
            await self._room.acquire()
            yield CoverItem(cover.source, cover.image_url)

    def finish_one(self) -> None:
        self._room.release()
        self.ledger.finish()
