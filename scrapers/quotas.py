"""Keeps below a rate limit that a service tells of in its headers, whoever else uses it up."""

from __future__ import annotations

from typing import Self

from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from cratewatch.sources.discogs.settings import DiscogsSource
from scrapers.job_spider import spider_of
from scrapers.pacing import leave_alone

LIMIT, REMAINING = "X-Discogs-Ratelimit", "X-Discogs-Ratelimit-Remaining"
WINDOW_S = 60.0
LEAST = 8
"""Requests of four crawls that may be on their way before each sees what is left: two of each, as
the next one begins before an answer is read."""
SLOW_FROM = 3
"""The part of a limit, as a divisor, from which on a crawl is slow."""
STRETCH = 4.0
"""By which it is then slower than the limit would allow to one alone."""


class Quota:
    """Slows down when little is left of a limit, and waits for a whole window at the last."""

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
        if limit and left is not None and (seconds := wait_s(limit, left, self._window_s)):
            leave_alone(self._crawler, request, seconds)
        return response


def wait_s(limit: int, left: int, window_s: float) -> float:
    """Return how long to wait before the next request.

    Args:
        limit: Requests in a window; left of them: how many are not used up.
    """
    if left <= LEAST:
        return window_s
    return STRETCH * window_s / limit if left <= limit // SLOW_FROM else 0.0


def _number(response: Response, name: str) -> int | None:
    text = (response.headers.get(name) or b"").decode("latin-1").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None
