"""Decodes a downloaded image; what is no usable image ends here."""

from __future__ import annotations

import asyncio
from typing import Self

from scrapy.crawler import Crawler

from cratewatch.catalog.records import Release
from cratewatch.errors import ImageError
from cratewatch.images import prepare_cover
from scrapers.items import CoverItem
from scrapers.job_spider import spider_of
from scrapers.ledger import Ledger


class PrepareCover:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(spider_of(crawler).ledger)

    async def process_item(self, item: Release | CoverItem) -> Release | CoverItem:
        if isinstance(item, CoverItem):
            try:
                item.stored = await asyncio.to_thread(prepare_cover, item.data)
            except ImageError as error:
                reason, detail = error.reason, str(error)
                raise self._ledger.dropped("cover", item.image_url, reason, detail) from error
            item.data = b""
        return item
