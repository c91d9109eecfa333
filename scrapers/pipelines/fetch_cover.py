"""Downloads a cover's image."""

from __future__ import annotations

from typing import Self

from scrapy.crawler import Crawler

from cratewatch.catalog.records import Release
from scrapers.fetching import Fetch, FetchError, fetch_with
from scrapers.items import CoverItem
from scrapers.job_spider import spider_of
from scrapers.ledger import Ledger


class FetchCover:
    def __init__(self, fetch: Fetch, ledger: Ledger) -> None:
        self._fetch = fetch
        self._ledger = ledger

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(fetch_with(crawler), spider_of(crawler).ledger)

    async def process_item(self, item: Release | CoverItem) -> Release | CoverItem:
        if isinstance(item, CoverItem):
            item.download_url = item.download_url or item.image_url
            try:
                item.data = await self._fetch(item.download_url)
            except FetchError as error:
                reason, detail = error.reason, str(error)
                raise self._ledger.dropped("cover", item.image_url, reason, detail) from error
        return item
