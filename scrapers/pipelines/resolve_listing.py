"""Finds the front images in a Cover Art Archive listing."""

from __future__ import annotations

from typing import Self

from scrapy.crawler import Crawler

from cratewatch.catalog.records import Release
from cratewatch.sources.dumps.settings import DumpSource
from cratewatch.sources.musicbrainz.archive_listing import is_same_image, read_listing
from cratewatch.sources.musicbrainz.settings import MusicBrainzSource
from cratewatch.sources.source import Source
from scrapers.fetching import Fetch, FetchError, fetch_with
from scrapers.items import CoverItem
from scrapers.job_spider import spider_of
from scrapers.ledger import Ledger


class ResolveListing:
    """Asks an archive which images of a release are its front."""

    def __init__(self, fetch: Fetch, ledger: Ledger, *, has_listings: bool) -> None:
        """Args: has_listings: Whether the source's image URLs are listings, not images."""
        self._fetch = fetch
        self._ledger = ledger
        self._has_listings = has_listings

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return one for the crawl's source."""
        spider = spider_of(crawler)
        return cls(
            fetch_with(crawler), spider.ledger, has_listings=_has_listings(spider.job.source)
        )

    async def process_item(self, item: Release | CoverItem) -> Release | CoverItem:
        """Set where the item can be downloaded; drop one without a front."""
        if isinstance(item, CoverItem) and self._has_listings:
            item.download_urls = await self._fronts_of(item)
            before = item.known.fetched if item.known else None
            item.is_known = before is not None and is_same_image(before.url, item.download_urls[0])
        return item

    async def _fronts_of(self, item: CoverItem) -> tuple[str, ...]:
        kind, url = item.kind, item.image_url
        try:
            urls = read_listing(await self._fetch(url))
        except FetchError as error:
            raise self._ledger.dropped(kind, url, error.reason, str(error)) from error
        except ValueError as error:
            raise self._ledger.dropped(kind, url, "bad_listing", str(error)) from error
        if not urls:
            raise self._ledger.dropped(kind, url, "no_front")
        return tuple(urls)


def _has_listings(source: Source) -> bool:
    if isinstance(source, DumpSource):
        return source.service == "musicbrainz"
    return isinstance(source, MusicBrainzSource)
