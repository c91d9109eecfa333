"""Keeps the releases of a crawl for its diff, in batches."""

from __future__ import annotations

from typing import Self

from scrapy.crawler import Crawler

from cratewatch.catalog import Catalog, Release
from scrapers.items import CoverItem
from scrapers.job_spider import spider_of
from scrapers.ledger import Ledger

BATCH = 100


class StageRelease:
    def __init__(self, catalog: Catalog, run_id: str, ledger: Ledger) -> None:
        self._catalog = catalog
        self._run_id = run_id
        self._ledger = ledger
        self._batch: list[Release] = []
        self._pages: dict[str, str | None] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        spider = spider_of(crawler)
        return cls(spider.catalog, spider.job.run_id, spider.ledger)

    def process_item(self, item: Release | CoverItem) -> Release | CoverItem:
        if isinstance(item, Release):
            first_page = self._pages.setdefault(item.release_id, item.page_url)
            if first_page != item.page_url:
                self._ledger.fail(
                    "page",
                    item.page_url or item.release_id,
                    "duplicate_id",
                    f"{item.release_id} is {first_page} already",
                )
                return item
            self._batch.append(item)
            self._ledger.unsaved = len(self._batch)
            if len(self._batch) >= BATCH:
                self._flush()
        return item

    def close_spider(self) -> None:
        self._flush()

    def _flush(self) -> None:
        self._catalog.stage(self._run_id, self._batch)
        self._ledger.items += len(self._batch)
        self._batch.clear()
        self._ledger.unsaved = 0
