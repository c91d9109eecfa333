"""Downloads from inside a pipeline, through the crawler's own rate, robots rule and retries."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable

from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from scrapy.http.request import NO_CALLBACK

from cratewatch.catalog.records import Fetched
from scrapers.reasons import REQUEST_ERRORS, reason_of

Fetch = Callable[[str], Awaitable[bytes]]
FetchImage = Callable[[str, Fetched | None], Awaitable[tuple[bytes, Fetched] | None]]
"""Takes a URL, and what it answered before; returns the answer, None if it says: as before."""
FetchPage = Callable[[str, bool], Awaitable[Response]]
"""Takes a URL, and whether it is that of robots.txt, which no rule forbids."""
TEMPORARY_STATUS = (408, 425, 429, 502, 503, 504, 520, 522, 524)
TEMPORARY = ("timeout", "connection", "truncated", *(f"http_{n}" for n in TEMPORARY_STATUS))
MOST_OF_A_HEADER = 512
"""Characters of an ETag that are kept; a longer one is none."""


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
        response = await _answer(crawler, Request(url, callback=NO_CALLBACK))
        if response.status != 200:
            raise FetchError(f"http_{response.status}", url)
        return response.body

    return fetch


def fetch_page_with(crawler: Crawler) -> FetchPage:
    """Return a function that downloads a page or listing, or raises FetchError."""

    async def fetch(url: str, is_rules: bool) -> Response:
        meta = {"dont_obey_robotstxt": True} if is_rules else {}
        response = await _answer(crawler, Request(url, callback=NO_CALLBACK, meta=meta))
        if response.status != 200:
            raise FetchError(f"http_{response.status}", f"{url}: it answers {response.status}")
        return response

    return fetch


def fetch_image_with(crawler: Crawler) -> FetchImage:
    """Return a function that downloads an image, or raises FetchError.

    A server that can tell whether the image is as it was before is asked for that first.
    """

    async def fetch(url: str, known: Fetched | None) -> tuple[bytes, Fetched] | None:
        conditions = _conditions(known) if known is not None and known.url == url else {}
        request = Request(url, callback=NO_CALLBACK, headers=conditions)
        response = await _answer(crawler, request)
        if conditions and response.status == 304:
            return None
        if response.status != 200:
            raise FetchError(f"http_{response.status}", url)
        fetched = Fetched(
            url,
            hashlib.sha256(response.body).hexdigest(),
            _header(response, "ETag"),
            _header(response, "Last-Modified"),
        )
        return response.body, fetched

    return fetch


async def _answer(crawler: Crawler, request: Request) -> Response:
    try:
        response: Response = await crawler.engine.download_async(request)
    except REQUEST_ERRORS as error:
        raise FetchError(reason_of(error), f"{request.url}: {error}") from error
    return response


def _conditions(known: Fetched) -> dict[str, bytes]:
    """Return the headers that ask for an image only if it is another by now."""
    given = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value.encode("latin-1") for name, value in given.items() if value}


def _header(response: Response, name: str) -> str | None:
    """Return a header, None for what no server can mean by one."""
    text = (response.headers.get(name) or b"").decode("latin-1")
    return text if 0 < len(text) <= MOST_OF_A_HEADER and text.isprintable() else None
