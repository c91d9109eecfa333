"""Releases of any shop that publishes a sitemap and structured data, or a product feed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any
from urllib.parse import urljoin

from scrapy.http import Request, Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from cratewatch.catalog.records import Release
from cratewatch.sources.storefront.addresses import address_key, host_of
from cratewatch.sources.storefront.feed_product import ProductReader
from cratewatch.sources.storefront.identity import KnownPage, KnownPages
from cratewatch.sources.storefront.product_data import read_page
from cratewatch.sources.storefront.products_json import (
    FeedError,
    Product,
    feed_url,
    handle_of,
    read_products,
)
from cratewatch.sources.storefront.robots import sitemaps_in
from cratewatch.sources.storefront.settings import StorefrontSource
from cratewatch.sources.storefront.sitemap import Entry, SitemapError, read_sitemap
from cratewatch.sources.storefront.which_product import NoProduct, Visit
from scrapers.bounds import LISTING
from scrapers.job_spider import JobSpider, failed_request
from scrapers.launch import NEWEST_ONLY
from scrapers.reasons import reason_of


class StorefrontSpider(JobSpider):
    """Goes from robots.txt to the sitemaps to the pages; without a sitemap to /products.json."""

    name = "storefront"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        assert isinstance(self.job.source, StorefrontSource)
        self._url = self.job.source.url.rstrip("/")
        self._host = host_of(self._url)
        self._brand_is = self.job.source.brand_is
        self._seen: set[str] = set()
        self._only_feeds = True
        self._known = self._known_pages()

    def _known_pages(self) -> KnownPages:
        source = self.job.source_name
        withdrawn = self.catalog.releases.withdrawn_pages(source)
        return KnownPages(
            KnownPage(release_id.removeprefix(f"{source}:"), page_url, is_listed)
            for pages, is_listed in ((withdrawn, False), (self.ledger.known, True))
            for release_id, page_url in pages.items()
        )

    async def start(self) -> AsyncIterator[Any]:
        """Ask for robots.txt, which may name sitemaps."""
        yield Request(
            urljoin(self._url, "/robots.txt"),
            callback=self.parse_robots,
            errback=self.robots_failed,
            meta={"dont_obey_robotstxt": True},
        )

    def closed(self, reason: str) -> None:
        """Refuse to take a listing without a page for a shop without a product."""
        if reason == "finished" and self.ledger.complete and not self._seen:
            self.ledger.fail_listing(self._url, "nothing_listed", "no page of this shop is listed")
        elif self._seen and self._only_feeds:
            self.ledger.note(NEWEST_ONLY)

    def parse_robots(self, response: Response) -> Iterator[Request]:
        """Ask for the sitemaps that it names, or for the usual one."""
        named = sitemaps_in(response.body, response.url)
        yield from self._sitemaps(named) if named else [self._guessed_sitemap()]

    def robots_failed(self, failure: Failure) -> Iterator[Request]:
        """Go on without rules if there are none; rules that cannot be read forbid everything."""
        if _is_client_error(failure):
            yield self._guessed_sitemap()
        else:
            self._listing_failed(failure)

    def _sitemaps(self, entries: Iterable[Entry]) -> Iterator[Request]:
        for entry in entries:
            if entry.url is not None:
                yield Request(
                    entry.url,
                    callback=self.parse_sitemap,
                    errback=self._listing_failed,
                    meta={LISTING: True},
                )
            else:
                self.ledger.fail_listing(entry.written, "bad_url")

    def _guessed_sitemap(self) -> Request:
        return Request(
            urljoin(self._url, "/sitemap.xml"),
            callback=self.parse_guessed_sitemap,
            errback=self.guessed_sitemap_failed,
        )

    def parse_guessed_sitemap(self, response: Response) -> Iterator[Request]:
        """Read the usual sitemap; go to the feed if it is none."""
        try:
            read_sitemap(response.body, response.url)
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
            sitemap = read_sitemap(response.body, response.url)
        except SitemapError as error:
            self.ledger.fail_listing(response.url, error.reason, str(error))
            return
        self._only_feeds &= sitemap.is_feed or sitemap.is_index
        entries = list(self._with_address(sitemap.entries, response.url))
        if sitemap.is_index:
            yield from self._sitemaps(entries)
        else:
            yield from self._pages(entries)

    def _with_address(self, entries: list[Entry], listing_url: str) -> Iterator[Entry]:
        """Yield the entries that name an address; one that names none is a failed page."""
        for number, entry in enumerate(entries, 1):
            if entry.written:
                yield entry
            else:
                self.ledger.fail("page", f"{listing_url}#entry-{number}", "no_address")

    def _pages(self, entries: Iterable[Entry]) -> Iterator[Request]:
        fresh: dict[str, Entry] = {}
        for entry in entries:
            if entry.url is None:
                self.ledger.fail("page", entry.written, "bad_url")
            elif host_of(entry.url) != self._host:
                self.ledger.note("other_host")
            elif self._is_new(address_key(entry.url)):
                fresh[entry.url] = entry
        for url in self.ledger.plan("page", list(fresh)):
            yield Request(
                url,
                callback=self.parse_page,
                errback=self.page_failed,
                cb_kwargs={"listed_url": url, "alternates": fresh[url].alternates},
                dont_filter=True,
            )

    def _is_new(self, key: str) -> bool:
        is_new = key not in self._seen
        self._seen.add(key)
        return is_new

    def parse_page(
        self, response: Response, listed_url: str, alternates: dict[str, str]
    ) -> Iterator[Release]:
        """Yield the release of a product page; record one without."""
        self.ledger.finish()
        if not response.body:
            self.ledger.fail("page", listed_url, "empty")
            return
        html = response.text if isinstance(response, TextResponse) else ""
        source = self.job.source_name
        final, known = response.url, self._known
        visit = Visit(source, listed_url, final, self._url, known, alternates, self._brand_is)
        page = read_page(html, visit)
        if isinstance(page, NoProduct):
            self._without_product(listed_url, page)
        else:
            self.ledger.introduce(page.facts)
            yield page.release

    def _without_product(self, url: str, page: NoProduct) -> None:
        known = self._known.at(url)
        if page.is_failure:
            self.ledger.fail("page", url, page.reason, page.detail)
        elif known is not None and known.is_listed:
            self.ledger.lose(url, page.looks)
        else:
            self.ledger.note(page.reason)
            self.ledger.advance("page", url)

    def page_failed(self, failure: Failure) -> None:
        """Record a product page that did not come."""
        request, error = failed_request(failure)
        self.ledger.finish()
        self.ledger.fail("page", request.cb_kwargs["listed_url"], reason_of(error), str(error))

    def _feed_page(self, number: int) -> Request:
        self._only_feeds = False  # this feed is the whole stock
        return Request(
            feed_url(self._url, number),
            callback=self.parse_feed_page,
            errback=self._listing_failed,
            cb_kwargs={"number": number},
            meta={LISTING: True},
        )

    def parse_feed_page(self, response: Response, number: int) -> Iterator[Release | Request]:
        """Yield the products of a feed's page, then ask for the next one."""
        try:
            feed = read_products(response.body)
        except FeedError as error:
            self.ledger.fail_listing(response.url, "unreadable", str(error))
            return
        fresh = [product for product in feed.products if self._is_new(str(handle_of(product)))]
        bad = [entry for entry in feed.bad if self._is_new(f"#{entry}")]
        for entry in bad:
            self.ledger.fail("page", f"{self._url}/products.json#{entry}", "no_address")
        yield from self.listed([self._release(product) for product in fresh])
        if fresh or bad:  # a shop that ignores the page number sends the same ones for ever
            yield self._feed_page(number + 1)

    def _release(self, product: Product) -> Release:
        known = self._known.at(f"{self._url}/products/{handle_of(product)}")
        return ProductReader(product).release(
            self.job.source_name,
            shop_url=self._url,
            known_id=known.native_id if known else None,
            brand_is=self._brand_is,
        )

    def _listing_failed(self, failure: Failure) -> None:
        request, error = failed_request(failure)
        self.ledger.fail_listing(request.url, reason_of(error), str(error))


def _is_client_error(failure: Failure) -> bool:
    error = failure.value
    return isinstance(error, HttpError) and 400 <= error.response.status < 429
