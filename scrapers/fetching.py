"""Downloads from inside a pipeline, through the crawler's own rate, robots rule and retries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from scrapy.http.request import NO_CALLBACK

from scrapers.reasons import REQUEST_ERRORS, reason_of

Fetch = Callable[[str], Awaitable[bytes]]
TEMPORARY_STATUS = (408, 425, 429, 502, 503, 504, 520, 522, 524)
TEMPORARY = ("timeout", "connection", "truncated", *(f"http_{n}" for n in TEMPORARY_STATUS))


class FetchError(Exception):
    """A download failed for good.

    Attributes:
        reason: As scrapers.reasons names it.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    @property
    def temporary(self) -> bool:
        """Whether the same address may well answer another night."""
        return self.reason in TEMPORARY


def fetch_with(crawler: Crawler) -> Fetch:
    """Return a function that downloads a URL's bytes, or raises FetchError."""

    async def fetch(url: str) -> bytes:
        try:
            response: Response = await crawler.engine.download_async(
                Request(url, callback=NO_CALLBACK)
            )
        except REQUEST_ERRORS as error:
            raise FetchError(reason_of(error), f"{url}: {error}") from error
        if response.status != 200:
            raise FetchError(f"http_{response.status}", url)
        return response.body

    return fetch
