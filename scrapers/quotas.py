"""Keeps below a rate limit that a service tells of in its headers, whoever else uses it up."""

from __future__ import annotations

import time
from typing import Self

from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from cratewatch.sources.discogs.settings import DiscogsSource
from scrapers.job_spider import spider_of

LIMIT, REMAINING = "X-Discogs-Ratelimit", "X-Discogs-Ratelimit-Remaining"
WINDOW_S = 60.0
RESERVE = 4
"""The part of a limit, as a divisor, that is left to other crawls of the same address."""
STRETCH = 4.0
"""By which a pace is slower than what is left would allow: so many crawls may share it."""


class Quota:
    """Lets a host wait when little is left of its limit, the longer the less there is."""

    def __init__(self, crawler: Crawler, window_s: float) -> None:
        self._crawler = crawler
        self._window_s = window_s

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return one for the window of the crawl's source."""
        source = spider_of(crawler).job.source
        return cls(crawler, source.window_s if isinstance(source, DiscogsSource) else WINDOW_S)

    def process_response(self, request: Request, response: Response) -> Response:
        """Read what is left."""
        limit, left = _number(response, LIMIT), _number(response, REMAINING)
        if limit and left is not None:
            self._wait(request, wait_s(limit, left, self._window_s))
        return response

    def _wait(self, request: Request, seconds: float) -> None:
        downloader = self._crawler.engine.downloader
        slot = downloader.slots.get(downloader.get_slot_key(request))
        if seconds and slot is not None:
            slot.lastseen = max(slot.lastseen, time.monotonic() + seconds - slot.delay)


def wait_s(limit: int, left: int, window_s: float) -> float:
    """Return how long to wait before the next request.

    Args:
        limit: Requests in a window; left of them: how many are not used up.
    """
    reserve = max(2, limit // RESERVE)
    missing = reserve - left + 1
    return STRETCH * window_s / limit * missing if missing > 0 else 0.0


def _number(response: Response, name: str) -> int | None:
    text = (response.headers.get(name) or b"").decode("latin-1").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None
