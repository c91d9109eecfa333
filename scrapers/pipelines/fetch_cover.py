"""Downloads a cover's image and decodes it; what is no usable image ends here."""

from __future__ import annotations

import asyncio
from typing import Self

from scrapy.crawler import Crawler

from cratewatch.catalog.records import Release
from cratewatch.errors import ImageError
from cratewatch.images.covers import prepare_cover
from scrapers.fetching import Fetch, FetchError, fetch_with
from scrapers.items import CoverItem
from scrapers.job_spider import spider_of
from scrapers.ledger import Ledger


class FetchCover:
    """Downloads covers."""

    def __init__(self, fetch: Fetch, ledger: Ledger) -> None:
        self._fetch = fetch
        self._ledger = ledger

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return one that downloads by the crawl's own engine, rate and retries included."""
        return cls(fetch_with(crawler), spider_of(crawler).ledger)

    async def process_item(self, item: Release | CoverItem) -> Release | CoverItem:
        """Drop an item of which no address gives a usable image."""
        if isinstance(item, CoverItem):
            try:
                await self._fetch_first_of(item, item.download_urls or (item.image_url,))
            except (FetchError, ImageError) as error:
                reason, detail = error.reason, str(error)
                raise self._ledger.dropped("cover", item.image_url, reason, detail) from error
        return item

    async def _fetch_first_of(self, item: CoverItem, urls: tuple[str, ...]) -> None:
        """Fetch the first image that is there.

        Raises:
            FetchError, ImageError: what went wrong with the first one, or what may be right
                another night: a worse image would then stay for ever.
        """
        failure: FetchError | ImageError | None = None
        for url in urls:
            try:
                data = await self._fetch(url)
                item.stored = await asyncio.to_thread(prepare_cover, data)
            except (FetchError, ImageError) as error:
                if isinstance(error, FetchError) and error.temporary:
                    raise
                failure = failure or error
            else:
                item.download_url = url
                return
        if failure is not None:
            raise failure
