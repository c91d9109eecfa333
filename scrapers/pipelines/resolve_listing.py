"""Finds the front images of a release where the Cover Art Archive, or Discogs, lists them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from scrapy.crawler import Crawler

from cratewatch.catalog.records import Release
from cratewatch.sources.discogs import releases as discogs
from cratewatch.sources.dumps.settings import DumpSource
from cratewatch.sources.musicbrainz import archive_listing as archive
from cratewatch.sources.musicbrainz.settings import MusicBrainzSource
from cratewatch.sources.source import Source
from scrapers.fetching import Fetch, FetchError, fetch_with
from scrapers.items import CoverItem
from scrapers.job_spider import spider_of
from scrapers.ledger import Ledger


@dataclass(frozen=True)
class Listings:
    """Which image URLs of a source are listings, not images, and how these are read.

    Attributes:
        begin: What their URLs begin with.
        read: Returns the URLs of the front, best first; raises ValueError.
        is_same_image: Whether two of those are of one image.
    """

    begin: str
    read: Callable[[bytes], list[str]]
    is_same_image: Callable[[str, str], bool]


class ResolveListing:
    """Asks which images of a release are its front."""

    def __init__(self, fetch: Fetch, ledger: Ledger, listings: Listings | None) -> None:
        """Args: listings: None if all image URLs are of images."""
        self._fetch = fetch
        self._ledger = ledger
        self._listings = listings

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return one for the crawl's source."""
        spider = spider_of(crawler)
        return cls(fetch_with(crawler), spider.ledger, listings_of(spider.job.source))

    async def process_item(self, item: Release | CoverItem) -> Release | CoverItem:
        """Set where the item can be downloaded; drop one without a front."""
        listings = self._listings
        if not isinstance(item, CoverItem) or listings is None:
            return item
        if item.image_url.startswith(listings.begin):
            item.download_urls = await self._fronts_of(item, listings)
            before = item.known.fetched if item.known else None
            item.is_known = before is not None and listings.is_same_image(
                before.url, item.download_urls[0]
            )
        return item

    async def _fronts_of(self, item: CoverItem, listings: Listings) -> tuple[str, ...]:
        kind, url = item.kind, item.image_url
        try:
            urls = listings.read(await self._fetch(url))
        except FetchError as error:
            raise self._ledger.dropped(kind, url, error.reason, str(error)) from error
        except ValueError as error:
            raise self._ledger.dropped(kind, url, "bad_listing", str(error)) from error
        if not urls:
            raise self._ledger.dropped(kind, url, "no_front")
        return tuple(urls)


def listings_of(source: Source) -> Listings | None:
    """Return the listings of a source."""
    if isinstance(source, DumpSource) and source.service == "discogs":
        begin = f"{source.url}/releases/"
        return Listings(begin, discogs.read_images, discogs.is_same_image)
    if isinstance(source, DumpSource | MusicBrainzSource):
        return Listings("", archive.read_listing, archive.is_same_image)
    return None
