"""Keeps the releases of a crawl for its diff."""

from __future__ import annotations

from typing import Self

from scrapy.crawler import Crawler

from cratewatch.catalog.records import Release
from scrapers.items import CoverItem
from scrapers.job_spider import spider_of
from scrapers.ledger import Ledger


class StageRelease:
    """Keeps releases for the diff."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return one that writes to the crawl's ledger."""
        return cls(spider_of(crawler).ledger)

    def process_item(self, item: Release | CoverItem) -> Release | CoverItem:
        """Stage a release; pass covers on."""
        if isinstance(item, Release):
            self._ledger.stage(item)
        return item

    def close_spider(self) -> None:
        """Save what the ledger still holds in memory."""
        self._ledger.save()
