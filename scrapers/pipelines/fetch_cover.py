"""Downloads a cover's image and decodes it; what is no usable image ends here."""

from __future__ import annotations

import asyncio
from typing import Self

from scrapy.crawler import Crawler

from cratewatch.catalog.records import Release
from cratewatch.errors import ImageError
from cratewatch.images.covers import prepare_cover
from scrapers.fetching import FetchError, FetchImage, fetch_image_with
from scrapers.items import CoverItem
from scrapers.job_spider import spider_of
from scrapers.ledger import Ledger


class FetchCover:
    """Downloads covers."""

    def __init__(self, fetch: FetchImage, ledger: Ledger) -> None:
        self._fetch = fetch
        self._ledger = ledger

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return one that downloads by the crawl's own engine, rate and retries included."""
        return cls(fetch_image_with(crawler), spider_of(crawler).ledger)

    async def process_item(self, item: Release | CoverItem) -> Release | CoverItem:
        """Drop an item of which no address gives a usable image."""
        if isinstance(item, CoverItem) and not item.is_known:
            try:
                await self._fetch_first_of(item, item.download_urls or (item.image_url,))
            except (FetchError, ImageError) as error:
                reason, detail = error.reason, str(error)
                raise self._ledger.dropped(item.kind, item.image_url, reason, detail) from error
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
                await self._fetch_from(url, item)
            except (FetchError, ImageError) as error:
                if isinstance(error, FetchError) and error.temporary:
                    raise
                failure = failure or error
            else:
                return
        if failure is not None:
            raise failure

    async def _fetch_from(self, url: str, item: CoverItem) -> None:
        """Fill the item in; one that is as it was before is only said to be so."""
        before = item.known.fetched if item.known else None
        answer = await self._fetch(url, before)
        if answer is None:
            item.is_known = True
            return
        data, fetched = answer
        item.is_known = before is not None and before.digest == fetched.digest
        if not item.is_known:
            item.stored = await asyncio.to_thread(prepare_cover, data)
        item.fetched = fetched
