"""The process of one probe: a ProbeJob as JSON on standard input, one line of JSON as the answer.

The line is {"probe": ...} or {"error": ...}; see scrapers.probing.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import urljoin

from scrapy import Spider
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import TextResponse

from cratewatch.sources.storefront.addresses import is_home
from cratewatch.sources.storefront.probe import Answer, Probe, understand
from cratewatch.sources.storefront.products_json import feed_url
from scrapers.fetching import FetchError, FetchPage, fetch_page_with
from scrapers.parent import Parent
from scrapers.probing import DEADLINE_S, MOST_RETRIES, ProbeJob
from scrapers.settings import manners_towards

MOST_INDEXES = 3  # of sitemaps, one in the other


def main() -> int:
    """Run the job that stands on standard input; return the exit code."""
    parent = Parent(sys.stdin, sys.stdout)
    sys.stdout = sys.stderr  # a stray print must not break the protocol
    job = ProbeJob.from_json(parent.read_job())
    parent.watch()
    parent.tell(probe(job))
    return 0


def probe(job: ProbeJob) -> dict[str, Any]:
    """Ask for the job's page in this process; possible once per process."""
    source = job.source.model_copy(update={"retries": min(MOST_RETRIES, job.source.retries)})
    settings = manners_towards(source, job.contact)
    settings |= {"LOG_LEVEL": "ERROR", "CLOSESPIDER_TIMEOUT": DEADLINE_S}
    process = AsyncCrawlerProcess(settings)
    told: dict[str, Any] = {}
    process.crawl(ProbeSpider, job=job, told=told)
    process.start()
    return told


class ProbeSpider(Spider):
    """Asks for one page, or for the listing of a shop whose front page is named."""

    name = "probe"

    def __init__(self, *, job: ProbeJob, told: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._job = job
        self._told = told

    async def start(self) -> AsyncIterator[Any]:
        """Tell what was understood, or why there was no answer."""
        way = _Way(self._job, fetch_page_with(self.crawler))
        try:
            self._told["probe"] = asdict(await way.probe())
        except FetchError as error:
            self._told["error"] = _said(error)
        nothing_left: tuple[Any, ...] = ()
        for request in nothing_left:
            yield request


class _Way:
    """What is asked, one after the other."""

    def __init__(self, job: ProbeJob, fetch: FetchPage) -> None:
        self._job = job
        self._fetch = fetch
        self._read: list[str] = []

    async def probe(self) -> Probe:
        url, shop_url = self._job.url, self._job.source.url
        if not is_home(url, shop_url):
            return await self._ask(url)
        robots = await self._maybe(urljoin(url, "/robots.txt"), is_rules=True)
        if robots is not None and robots.listed:
            found = await self._ask(_best(robots.listed))
        else:
            guessed = await self._maybe(urljoin(url, "/sitemap.xml"))
            is_listing = guessed is not None and guessed.kind.startswith("sitemap")
            found = guessed if guessed and is_listing else await self._ask(feed_url(url, 1))
        for _ in range(MOST_INDEXES):
            if found.kind != "sitemap_index" or not found.listed:
                break
            said = f"an index of {len(found.listed):,}, all of which a crawl reads; one of them:"
            self._read.append(f"{found.url}: {said}")
            found = await self._ask(_best(found.listed))
        return replace(found, way=self._read)

    async def _ask(self, url: str, *, is_rules: bool = False) -> Probe:
        response = await self._fetch(url, is_rules)
        text = response.text if isinstance(response, TextResponse) else ""
        answer = Answer(url, response.url, response.body, text)
        return understand(answer, self._job.source_name, self._job.source)

    async def _maybe(self, url: str, *, is_rules: bool = False) -> Probe | None:
        """Return None, and note it, for what the shop does not have."""
        try:
            found = await self._ask(url, is_rules=is_rules)
        except FetchError as error:
            if not error.reason.startswith("http_4") or error.reason == "http_429":
                raise
            self._read.append(_said(error))
            return None
        said = f"names {len(found.listed):,}" if found.kind == "robots" else found.kind
        if found.kind in ("robots", "unreadable", "no_product"):
            self._read.append(f"{url}: {said}")
        return found


def _best(listings: list[str]) -> str:
    """Return the listing that is likeliest to be of products."""
    return next((url for url in listings if "product" in url.rpartition("/")[2]), listings[0])


def _said(error: FetchError) -> str:
    if error.reason == "robots_forbidden":
        return f"{error}; what robots.txt forbids is not crawled"
    return str(error)


if __name__ == "__main__":
    sys.exit(main())
