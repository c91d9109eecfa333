"""Writes a cover: bytes to the lake first, so that the catalog never names what is not there."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Self

from scrapy.crawler import Crawler

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.records import Cover, Release
from cratewatch.lake.lake import Lake, cover_key
from cratewatch.lake.opening import open_lake
from scrapers.items import CoverItem
from scrapers.job_spider import spider_of
from scrapers.ledger import Ledger
from scrapers.rechecks import Rechecks


class StoreCover:
    """Puts covers into lake and catalog."""

    def __init__(
        self, run_id: str, lake: Lake, catalog: Catalog, ledger: Ledger, rechecks: Rechecks
    ) -> None:
        self._run_id = run_id
        self._lake = lake
        self._catalog = catalog
        self._ledger = ledger
        self._rechecks = rechecks

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return one that writes to the job's lake and catalog."""
        spider = spider_of(crawler)
        lake = open_lake(spider.job.lake)
        return cls(spider.job.run_id, lake, spider.catalog, spider.ledger, spider.rechecks)

    async def process_item(self, item: Release | CoverItem) -> Release | CoverItem:
        """Write the bytes, then name them in the catalog, so that no name is without bytes."""
        if isinstance(item, CoverItem) and item.stored is not None:
            key = cover_key(item.stored.cover_id)
            await asyncio.to_thread(self._lake.write, key, item.stored.data)
            self._name(item, _cover(item))
        return item

    def _name(self, item: CoverItem, cover: Cover) -> None:
        if item.known is not None:
            self._rechecks.replace(item, cover)
            return
        self._catalog.covers.add(self._run_id, cover, item.image_url, item.fetched)
        self._ledger.items += 1


def _cover(item: CoverItem) -> Cover:
    assert item.stored is not None
    return Cover(
        cover_id=item.stored.cover_id,
        artwork_id=item.artwork_id,
        source=item.source,
        source_url=item.fetched.url if item.fetched else item.image_url,
        width_px=item.stored.width_px,
        height_px=item.stored.height_px,
        phash=item.stored.phash,
        fetched_at=datetime.now(UTC),
    )
