"""Finds the front image in a Cover Art Archive listing."""

from __future__ import annotations

import json
from typing import Self

from scrapy.crawler import Crawler

from cratewatch.catalog.records import Release
from cratewatch.sources.musicbrainz.archive_listing import front_image_url
from cratewatch.sources.musicbrainz.settings import MusicBrainzSource
from scrapers.fetching import Fetch, FetchError, fetch_with
from scrapers.items import CoverItem
from scrapers.job_spider import spider_of
from scrapers.ledger import Ledger


class ResolveListing:
    def __init__(self, fetch: Fetch, ledger: Ledger, *, has_listings: bool) -> None:
        """Args: has_listings: Whether the source's image URLs are listings, not images."""
        self._fetch = fetch
        self._ledger = ledger
        self._has_listings = has_listings

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        spider = spider_of(crawler)
        has_listings = isinstance(spider.job.source, MusicBrainzSource)
        return cls(fetch_with(crawler), spider.ledger, has_listings=has_listings)

    async def process_item(self, item: Release | CoverItem) -> Release | CoverItem:
        if isinstance(item, CoverItem) and self._has_listings:
            item.download_url = await self._front_of(item.image_url)
        return item

    async def _front_of(self, listing_url: str) -> str:
        try:
            url = front_image_url(json.loads(await self._fetch(listing_url)))
        except FetchError as error:
            raise self._ledger.dropped("cover", listing_url, error.reason, str(error)) from error
        except ValueError as error:
            raise self._ledger.dropped("cover", listing_url, "bad_listing", str(error)) from error
        if url is None:
            raise self._ledger.dropped("cover", listing_url, "no_front")
        return url
