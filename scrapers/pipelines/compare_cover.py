"""Compares an image that was asked for again with the cover that is stored of it."""

from __future__ import annotations

import asyncio
from typing import Self

import numpy as np
from scrapy.crawler import Crawler

from cratewatch.catalog.records import Release
from cratewatch.errors import ImageError, NotFoundError
from cratewatch.images.covers import StoredCover
from cratewatch.images.reading import decode, pixels
from cratewatch.lake.lake import Lake, cover_key
from cratewatch.lake.opening import open_lake
from scrapers.items import CoverItem
from scrapers.job_spider import spider_of


class CompareCover:
    """Tells another picture from the same one in other bytes."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return one that looks into the job's lake."""
        return cls(open_lake(spider_of(crawler).job.lake))

    async def process_item(self, item: Release | CoverItem) -> Release | CoverItem:
        """Leave an image whose pixels are those of its cover as it is."""
        if isinstance(item, CoverItem) and item.known and item.stored:
            same = await asyncio.to_thread(self._is_same, item.known.cover_id, item.stored)
            if same:
                item.is_known, item.stored = True, None
        return item

    def _is_same(self, cover_id: str, stored: StoredCover) -> bool:
        if stored.cover_id == cover_id:
            return True
        try:
            before = decode(self._lake.read(cover_key(cover_id)))
        except (NotFoundError, ImageError):  # lost: what came now is better than nothing
            return False
        return np.array_equal(pixels(before), pixels(decode(stored.data)))
