"""Manners: retries that wait, hosts that are left alone when they ask for it, robots.txt."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import DownloadTimeoutError, ResponseDataLossError
from scrapy.http import Request, Response
from scrapy.robotstxt import RobotParser
from scrapy.signals import robots_parsed

from cratewatch.sources.storefront.decoding import decode
from scrapers.pacing import leave_alone
from scrapers.reasons import CONNECTION_ERRORS, HostClosedError

BUSY = (429, 503)  # the host as a whole wants fewer requests
RETRIED_STATUS = (408, 500, 502, 504, 520, 522, 524, *BUSY)
MOST_DELAY_S = 60.0  # a day's delay would be a ban, which robots.txt has other words for
FORBID_ALL = b"User-agent: *\nDisallow: /"
RETRIED_ERRORS = (DownloadTimeoutError, ResponseDataLossError, *CONNECTION_ERRORS)


@dataclass(frozen=True)
class Backoff:
    """How long to wait before a request is sent again.

    Attributes:
        first_s: Before the first retry; doubles with each further one, up to most_s.
        jitter: Share by which a wait is stretched at random, so that retries spread.
        longest_pause_s: A host that asks for more is not asked again in this crawl.
    """

    first_s: float = 1.0
    most_s: float = 60.0
    jitter: float = 0.25
    longest_pause_s: float = 300.0

    def wait_s(self, retry: int) -> float:
        """Return the seconds before the retry with this number, from 1."""
        wait_s = min(self.most_s, self.first_s * 2.0 ** (retry - 1))
        return wait_s * (1 + self.jitter * random.random())


class PatientRetry:
    """Sends failed requests again, each after its wait; a busy host's other requests wait too."""

    def __init__(self, crawler: Crawler, retries: int, backoff: Backoff) -> None:
        self._crawler = crawler
        self._retries = retries
        self._backoff = backoff
        self._closed: dict[str, tuple[int, float]] = {}  # host: status, seconds asked for

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return one that retries as often as the settings say."""
        return cls(crawler, crawler.settings.getint("RETRY_TIMES"), Backoff())

    def process_request(self, request: Request) -> None:
        """Refuse to ask a host that wants to be left alone, and keep a rate for each host.

        Without the reset a redirected request is counted at the host that it came from.
        """
        request.meta.pop("download_slot", None)
        host = self._host(request)
        if host in self._closed:
            raise HostClosedError(host, *self._closed[host])

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """Ask again after a passing error; a busy host is left alone as long as it asks for."""
        if response.status not in RETRIED_STATUS:
            return response
        wait_s = self._next_wait_s(request)
        if response.status in BUSY:
            wait_s = max(wait_s, _asked_wait_s(response))
            self._pause(request, response.status, wait_s)
            wait_s = 0.0
        return await self._again(request, f"http_{response.status}", wait_s) or response

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """Ask again after an error of the network; leave bugs to Scrapy."""
        if not isinstance(exception, RETRIED_ERRORS):
            return None
        return await self._again(request, type(exception).__name__, self._next_wait_s(request))

    async def _again(self, request: Request, reason: str, wait_s: float) -> Request | None:
        assert self._crawler.spider is not None
        retry = get_retry_request(
            request,
            spider=self._crawler.spider,
            reason=reason,
            max_retry_times=self._retries,
            give_up_log_level="INFO",
        )
        if retry is not None:
            await asyncio.sleep(wait_s)
        return retry

    def _next_wait_s(self, request: Request) -> float:
        return self._backoff.wait_s(request.meta.get("retry_times", 0) + 1)

    def _pause(self, request: Request, status: int, wait_s: float) -> None:
        """Send the host nothing for a while, requests already queued included."""
        host = self._host(request)
        if wait_s <= self._backoff.longest_pause_s:
            leave_alone(self._crawler, request, wait_s)
            return
        self._closed[host] = (status, wait_s)
        queue = self._crawler.engine.downloader.slots[host].queue
        while queue:
            _, waiting = queue.popleft()
            waiting.errback(HostClosedError(host, status, wait_s))

    def _host(self, request: Request) -> str:
        return self._crawler.engine.downloader.get_slot_key(request)


class RobotsRules(RobotsTxtMiddleware):
    """Scrapy's rule, mended in two places.

    Of the requests that wait for one robots.txt all but the first would pass unchecked (2.19: a
    Deferred gives its result to one waiter only). And rules that a server failed to send forbid
    everything, as RFC 9309 says.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """Return the host's rules; of requests at once one fetches them and the others wait."""
        async with self._locks[urlsplit(request.url).netloc]:
            return await super().robot_parser(request)

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        rules = FORBID_ALL if response.status >= 500 else decode(response.body).encode()
        response = response.replace(body=rules)
        await super()._parse_robots(response, netloc, request)


class CrawlDelay:
    """Slows down for a host whose robots.txt asks for fewer requests than the declared rate."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        crawler.signals.connect(self._slow_down, signal=robots_parsed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return one that hears when the rules of a host were read."""
        return cls(crawler)

    def _slow_down(self, robotparser: RobotParser, request: Request) -> None:
        asked_s = robotparser.crawl_delay(self._crawler.settings["USER_AGENT"])
        if asked_s is None:
            return
        downloader = self._crawler.engine.downloader
        host = downloader.get_slot_key(request)
        delay_s = max(self._crawler.settings.getfloat("DOWNLOAD_DELAY"), min(asked_s, MOST_DELAY_S))
        downloader.per_slot_settings[host] = {"delay": delay_s}  # for when its slot is made anew
        if host in downloader.slots:
            downloader.slots[host].delay = delay_s


def retry_after_s(value: str, now: datetime) -> float | None:
    """Read a Retry-After header, seconds or an HTTP date; None if it is neither."""
    if value.strip().isdigit():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())


def _asked_wait_s(response: Response) -> float:
    """Return how long a server wants to be left alone, by its own clock if it tells it."""
    header = response.headers.get("Retry-After") or b""
    asked = (response.headers.get("Date") or b"").decode("latin-1")
    now = datetime.now(UTC)
    with contextlib.suppress(ValueError):
        now = parsedate_to_datetime(asked) if asked else now
    return retry_after_s(header.decode("latin-1"), now.replace(tzinfo=now.tzinfo or UTC)) or 0.0
