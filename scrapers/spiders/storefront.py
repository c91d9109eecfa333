"""Releases of any shop that publishes a sitemap and structured data, or a product feed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

from scrapy.http import Request, Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError
from scrapy.utils.sitemap import sitemap_urls_from_robots
from twisted.python.failure import Failure

from cratewatch.catalog.records import Release
from cratewatch.sources.storefront.product_data import ProductDataError, release_from_page
from cratewatch.sources.storefront.products_json import read_products, release_from_product
from cratewatch.sources.storefront.sitemap import SitemapError, read_sitemap
from scrapers.job_spider import JobSpider, failed_request
from scrapers.reasons import reason_of

FEED_LIMIT = 250


class StorefrontSpider(JobSpider):
    """Goes from robots.txt to the sitemaps to the pages; without a sitemap to /products.json."""

    name = "storefront"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._url = self.job.source.url.rstrip("/")
        self._seen: set[str] = set()

    async def start(self) -> AsyncIterator[Any]:
        """Ask for robots.txt, which may name sitemaps."""
        yield Request(
            urljoin(self._url, "/robots.txt"),
            callback=self.parse_robots,
            errback=self.robots_failed,
            meta={"dont_obey_robotstxt": True},
        )

    def parse_robots(self, response: Response) -> Iterator[Request]:
        """Ask for the sitemaps that it names, or for the usual one."""
        urls = list(dict.fromkeys(sitemap_urls_from_robots(response.body, response.url)))
        yield from map(self._sitemap, urls) if urls else [self._guessed_sitemap()]

    def robots_failed(self, failure: Failure) -> Iterator[Request]:
        """Go on without rules if there are none; rules that cannot be read forbid everything."""
        if _is_client_error(failure):
            yield self._guessed_sitemap()
        else:
            self._listing_failed(failure)

    def _sitemap(self, url: str) -> Request:
        return Request(url, callback=self.parse_sitemap, errback=self._listing_failed)

    def _guessed_sitemap(self) -> Request:
        return Request(
            urljoin(self._url, "/sitemap.xml"),
            callback=self.parse_guessed_sitemap,
            errback=self.guessed_sitemap_failed,
        )

    def parse_guessed_sitemap(self, response: Response) -> Iterator[Request]:
        """Read the usual sitemap; go to the feed if it is none."""
        try:
            read_sitemap(response.body)
        except SitemapError as error:
            if error.reason == "not_a_sitemap":
                yield self._feed_page(1)
                return
        yield from self.parse_sitemap(response)

    def guessed_sitemap_failed(self, failure: Failure) -> Iterator[Request]:
        """Go to the feed if there is no sitemap; a server that is down has failed."""
        if _is_client_error(failure):
            yield self._feed_page(1)
        else:
            self._listing_failed(failure)

    def parse_sitemap(self, response: Response) -> Iterator[Request]:
        """Ask for the sitemaps of an index, or for the pages of a sitemap."""
        try:
            sitemap = read_sitemap(response.body)
        except SitemapError as error:
            self.ledger.fail_listing(response.url, error.reason, str(error))
            return
        if sitemap.is_index:
            yield from map(self._sitemap, sitemap.urls)
        else:
            yield from self._pages(sitemap.urls)

    def _pages(self, urls: Iterable[str]) -> Iterator[Request]:
        fresh = [url for url in urls if self._is_own(url) and url not in self._seen]
        self._seen.update(fresh)
        for url in self.ledger.plan("page", fresh):
            yield Request(
                url,
                callback=self.parse_page,
                errback=self.page_failed,
                cb_kwargs={"listed_url": url},
                dont_filter=True,
            )

    def parse_page(self, response: Response, listed_url: str) -> Iterator[Release]:
        """Yield the release of a product page; record one without."""
        self.ledger.finish()
        if not response.body:
            self.ledger.fail("page", listed_url, "empty")
            return
        html = response.text if isinstance(response, TextResponse) else ""
        source = self.job.source_name
        try:
            release = release_from_page(
                html, source=source, page_url=listed_url, base_url=response.url
            )
        except ProductDataError as error:
            self.ledger.fail("page", listed_url, error.reason, str(error))
            return
        if release is None:
            self.ledger.note("not_a_product")
            self.ledger.advance("page", listed_url)
        else:
            yield release

    def page_failed(self, failure: Failure) -> None:
        """Record a product page that did not come."""
        request, error = failed_request(failure)
        self.ledger.finish()
        self.ledger.fail("page", request.cb_kwargs["listed_url"], reason_of(error), str(error))

    def _feed_page(self, number: int) -> Request:
        return Request(
            urljoin(self._url, f"/products.json?limit={FEED_LIMIT}&page={number}"),
            callback=self.parse_feed_page,
            errback=self._listing_failed,
            cb_kwargs={"number": number},
        )

    def parse_feed_page(self, response: Response, number: int) -> Iterator[Release | Request]:
        """Yield the products of a feed's page, then ask for the next one."""
        try:
            products = read_products(response.body)
        except ValueError as error:
            self.ledger.fail_listing(response.url, "unreadable", str(error))
            return
        fresh = [product for product in products if product["handle"] not in self._seen]
        self._seen.update(product["handle"] for product in fresh)
        releases = [
            release_from_product(product, self.job.source_name, shop_url=self._url)
            for product in fresh
        ]
        yield from self.listed(releases)
        if fresh:  # a shop that ignores the page number sends the same products for ever
            yield self._feed_page(number + 1)

    def _listing_failed(self, failure: Failure) -> None:
        request, error = failed_request(failure)
        self.ledger.fail_listing(request.url, reason_of(error), str(error))

    def _is_own(self, url: str) -> bool:
        """Whether the URL is of this shop: a sitemap may list no other host's pages."""
        own, other = (urlsplit(u).netloc.removeprefix("www.") for u in (self._url, url))
        return own == other


def _is_client_error(failure: Failure) -> bool:
    error = failure.value
    return isinstance(error, HttpError) and 400 <= error.response.status < 429
