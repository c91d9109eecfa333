"""Asks a host no faster than declared, together with all other crawls of a shared catalog."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Request

from cratewatch.catalog.paces import Paces
from scrapers.job_spider import JobSpider


class SharedPace:
    """Lets a request wait for its place among those of all crawls.

    Only one at a time waits of those to a host: what is sent later then heeds what was said
    meanwhile. It stands next to the network, so that retries and redirects have places, too.
    """

    def __init__(self, crawler: Crawler, paces: Paces) -> None:
        self._crawler = crawler
        self._paces = paces
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return one, unless this crawl has its catalog to itself."""
        paces = _paces_of(crawler)
        if paces is None:
            raise NotConfigured
        return cls(crawler, paces)

    async def process_request(self, request: Request) -> None:
        """Wait."""
        if not request.url.startswith("http"):
            return
        host = self._crawler.engine.downloader.get_slot_key(request)
        async with self._locks[host]:
            await asyncio.sleep(self._paces.reserve(host, _delay_s(self._crawler, host)))


def leave_alone(crawler: Crawler, request: Request, seconds: float) -> None:
    """Ask the host of a request nothing for a while, neither here nor in another crawl."""
    downloader = crawler.engine.downloader
    host = downloader.get_slot_key(request)
    slot = downloader.slots.get(host)
    if slot is not None:
        slot.lastseen = max(slot.lastseen, time.monotonic() + seconds - slot.delay)
    if (paces := _paces_of(crawler)) is not None:
        # One more place is for the request that may be waiting in the slot.
        paces.hold(host, seconds + _delay_s(crawler, host))


def _paces_of(crawler: Crawler) -> Paces | None:
    """Return the paces of the crawl's catalog; a probe has none."""
    return crawler.spider.catalog.paces if isinstance(crawler.spider, JobSpider) else None


def _delay_s(crawler: Crawler, host: str) -> float:
    own = crawler.engine.downloader.per_slot_settings.get(host, {})
    return float(own.get("delay", crawler.settings.getfloat("DOWNLOAD_DELAY")))
