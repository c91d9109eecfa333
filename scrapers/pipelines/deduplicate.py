"""Recognises a cover that is known: the same bytes, or another scan of the same artwork."""

from __future__ import annotations

from functools import cached_property
from typing import Self

from scrapy.crawler import Crawler

from cratewatch.catalog.artworks import ArtworkIndex
from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.looks import Looks
from cratewatch.catalog.records import Release
from cratewatch.images.covers import StoredCover
from cratewatch.lake.lake import Lake
from cratewatch.lake.opening import open_lake
from scrapers.items import CoverItem
from scrapers.job_spider import spider_of
from scrapers.ledger import Ledger


class Deduplicate:
    """Gives each stored cover its artwork."""

    def __init__(self, catalog: Catalog, lake: Lake, ledger: Ledger) -> None:
        self._catalog = catalog
        self._ledger = ledger
        self._looks = Looks(lake)
        self._artworks: dict[str, str] = {}  # by cover_id, of this crawl

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return one that knows the crawl's catalog."""
        spider = spider_of(crawler)
        return cls(spider.catalog, open_lake(spider.job.lake), spider.ledger)

    def process_item(self, item: Release | CoverItem) -> Release | CoverItem:
        """Set the item's artwork: that of the same bytes, or of a near-identical cover."""
        if isinstance(item, CoverItem) and item.stored is not None:
            item.artwork_id = self._known(item.stored.cover_id) or self._assign(item.stored)
            self._artworks[item.stored.cover_id] = item.artwork_id
        return item

    def _known(self, cover_id: str) -> str | None:
        artwork_id = self._artworks.get(cover_id)
        if artwork_id is None:
            stored = self._catalog.covers.by_id([cover_id]).get(cover_id)
            artwork_id = stored.artwork_id if stored else None
        if artwork_id is not None:
            self._ledger.note("same_bytes")
        return artwork_id

    def _assign(self, cover: StoredCover) -> str:
        self._looks.add(cover.cover_id, cover.data)  # the lake gets it after this
        artwork_id = self._index.assign(cover.cover_id, cover.phash)
        if artwork_id != cover.cover_id:
            self._ledger.note("same_artwork")
        return artwork_id

    @cached_property
    def _index(self) -> ArtworkIndex:
        return ArtworkIndex(*self._catalog.covers.phashes(), self._looks)
