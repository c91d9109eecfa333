"""Asks a source by way of proxies, in turn; one that fails or is banned rests for a while."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Self

from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from cratewatch.secret_url import reveal
from scrapers.credentials import MINT
from scrapers.job_spider import spider_of
from scrapers.reasons import CONNECTION_ERRORS, NoProxyError

TRIED = "proxies_tried"
"""In a request's meta: how many proxies the source has banned it from."""
MOST_TRIED = 3
FIRST_REST_S = 30.0
LONGEST_REST_S = 1800.0
BANNED = (407, 429)
BAN_WORDS = re.compile(
    rb"captcha|unusual traffic|are you a robot|access denied|request blocked|pardon our interr",
    re.IGNORECASE,
)
LOOKED_AT = 20_000
"""Bytes of a page that may say so."""


class Pool:
    """Proxies and how well each is.

    A proxy that fails rests, twice as long each time; what comes through makes it well again.
    """

    def __init__(self, urls: Sequence[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ready_at = dict.fromkeys(urls, 0.0)
        self._used_at = dict.fromkeys(urls, 0.0)
        self._failures: Counter[str] = Counter()
        self._uses = 0

    def next(self) -> str:
        """Return the one that was used the longest ago, of those that do not rest.

        Raises:
            NoProxyError: if all rest.
        """
        now = self._clock()
        ready = [url for url, at in self._ready_at.items() if at <= now]
        if not ready:
            raise NoProxyError(f"all {len(self._ready_at)} proxies rest: they fail, or are banned")
        url = min(ready, key=self._used_at.__getitem__)
        self._uses += 1
        self._used_at[url] = self._uses
        return url

    def succeed(self, url: str) -> None:
        """Note that something came through a proxy."""
        self._failures[url] = 0

    def fail(self, url: str) -> None:
        """Let a proxy rest."""
        self._failures[url] += 1
        rest_s = min(LONGEST_REST_S, FIRST_REST_S * 2.0 ** (self._failures[url] - 1))
        self._ready_at[url] = self._clock() + rest_s


class Proxies:
    """Gives each request a proxy, a request that is sent again another one."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._pool = Pool(urls) if urls else None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return one with the proxies of the crawl's source, whose terms allow them."""
        return cls([reveal(url) for url in spider_of(crawler).job.source.proxies])

    def process_request(self, request: Request) -> None:
        """Choose a proxy; what proves who asks goes by none."""
        goes_out = request.url.startswith("http") and not request.meta.get(MINT)
        if self._pool is not None and goes_out:
            request.headers.pop("Proxy-Authorization", None)
            request.meta["proxy"] = request.meta["chosen_proxy"] = self._pool.next()

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """Ask by way of another proxy where this one is banned."""
        url = request.meta.get("chosen_proxy")
        if self._pool is None or url is None:
            return response
        if not is_ban(response):
            self._pool.succeed(url)
            return response
        self._pool.fail(url)
        tried = request.meta.get(TRIED, 0) + 1
        if tried > MOST_TRIED:
            return response
        return request.replace(meta=request.meta | {TRIED: tried}, dont_filter=True)

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Let a proxy rest that cannot be reached; the request is sent again by the retries."""
        url = request.meta.get("chosen_proxy")
        if self._pool is not None and url is not None and isinstance(exception, CONNECTION_ERRORS):
            self._pool.fail(url)


def is_ban(response: Response) -> bool:
    """Whether an answer is for the proxy and not for the request: by status, or by what it says."""
    if response.status in BANNED:
        return True
    kind = (response.headers.get("Content-Type") or b"").lower()
    return b"html" in kind and BAN_WORDS.search(response.body[:LOOKED_AT]) is not None
