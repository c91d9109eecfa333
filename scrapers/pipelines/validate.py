"""Refuses items that the catalog could not hold or show."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

from scrapy.crawler import Crawler

from cratewatch.catalog.records import Release
from cratewatch.sources.fit import has_endless_image, unfit
from scrapers.items import CoverItem
from scrapers.job_spider import spider_of
from scrapers.ledger import Ledger


class Validate:
    """Drops what the catalog could not hold or show."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return one that writes to the crawl's ledger."""
        return cls(spider_of(crawler).ledger)

    def process_item(self, item: Release | CoverItem) -> Release | CoverItem:
        """Raise DropItem, with the reason in the ledger, for a bad item."""
        if isinstance(item, CoverItem):
            self._check_cover(item)
            return item
        self._check_release(item)
        return self._without_endless_image(item)

    def _check_cover(self, item: CoverItem) -> None:
        if not item.image_url.startswith(("http://", "https://")):
            raise self._ledger.dropped(item.kind, item.image_url, "bad_url")

    def _check_release(self, item: Release) -> None:
        """Refuse under the page's URL: what the catalog lists from that page then stays."""
        if reason := unfit(item):
            key = item.page_url or item.release_id
            raise self._ledger.dropped("page", key, reason, item.release_id)

    def _without_endless_image(self, item: Release) -> Release:
        """Do without an image whose address no index could hold; the release itself is well."""
        if not has_endless_image(item):
            return item
        self._ledger.note("image_url_too_long")
        return replace(item, image_url=None)
