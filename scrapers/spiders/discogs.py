"""Releases of a label, an artist, a master or a search at Discogs, and what the market asks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from scrapy.http import Request, Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from cratewatch.catalog.observations import Observation
from cratewatch.catalog.records import Release
from cratewatch.sources.discogs.prices import read_stats, read_suggestions
from cratewatch.sources.discogs.releases import (
    MOST_RESULTS,
    error_message,
    image_path,
    page_url,
    read_list_page,
    release_from_json,
)
from cratewatch.sources.discogs.settings import DiscogsSource
from cratewatch.sources.json_answers import read_object
from scrapers.bounds import LISTING
from scrapers.job_spider import JobSpider, failed_request
from scrapers.reasons import reason_of

PER_PAGE = 100


class DiscogsSpider(JobSpider):
    """Reads a listing and each of its releases, or asks for the prices of those that are known."""

    name = "discogs"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        assert isinstance(self.job.source, DiscogsSource)
        self._source = self.job.source
        self._suggests = self._source.suggestions
        self._stored: dict[str, str] = {}

    async def start(self) -> AsyncIterator[Any]:
        """Ask for the first page, or for the first price."""
        if self.job.job == "prices":
            async for request in self._price_requests():
                yield request
            return
        images = self.catalog.covers.stored_images(self.job.source_name)
        self._stored = {image_path(url): url for url in images}
        yield self._page(1)

    def _page(self, number: int) -> Request:
        source = self._source
        if source.master:
            path, query = f"/masters/{source.master}/versions", {"format": source.format}
        else:
            wanted = {"label": source.label, "artist": source.artist, "q": source.search}
            query = {name: value for name, value in wanted.items() if value}
            path, query = "/database/search", query | {"type": "release", "format": source.format}
        query = {name: value for name, value in query.items() if value}
        return Request(
            f"{source.url}{path}?{urlencode(query | {'per_page': PER_PAGE, 'page': number})}",
            callback=self.parse_page,
            errback=self.page_failed,
            meta={LISTING: True},
        )

    def parse_page(self, response: Response) -> Iterator[Request]:
        """Ask for a page's releases, then for the next page."""
        try:
            page = read_list_page(response.body)
        except ValueError as error:
            self.ledger.fail_listing(response.url, "unreadable", str(error))
            return
        self.ledger.expected = page.items
        ids = {page_url(native_id, self._source.site_url): native_id for native_id in page.ids}
        for key in self.ledger.plan("page", list(ids)):
            yield Request(
                f"{self._source.url}/releases/{ids[key]}?curr_abbr={self._source.currency}",
                callback=self.parse_release,
                errback=self.release_failed,
                cb_kwargs={"key": key},
            )
        if page.page < page.pages and page.page * PER_PAGE < MOST_RESULTS:
            yield self._page(page.page + 1)
        elif page.page < page.pages:
            detail = f"{page.items:,} results, of which the service tells {MOST_RESULTS:,}"
            self.ledger.fail_listing(response.url, "too_many_results", f"{detail}; ask for less")

    def page_failed(self, failure: Failure) -> None:
        """Record a page that did not come, with what the service said."""
        request, reason, said = _failed(failure)
        self.ledger.fail_listing(request.url, reason, said)

    def parse_release(self, response: Response, key: str) -> Iterator[Release]:
        """Yield a release, under the id that it has now."""
        try:
            said = read_object(response.body)
            release = release_from_json(said, self.job.source_name, self._source.site_url)
        except ValueError as error:
            self.ledger.fail("page", key, "unreadable", str(error))
        else:
            if release.page_url != key:  # it was merged into another one
                self.ledger.note("merged")
                self.ledger.advance("page", key)
            yield self._with_known_image(release)
        self.ledger.finish()

    def release_failed(self, failure: Failure) -> None:
        """Record a release that did not come."""
        request, reason, said = _failed(failure)
        self.ledger.fail("page", request.cb_kwargs["key"], reason, said)
        self.ledger.finish()

    def _with_known_image(self, release: Release) -> Release:
        """Keep the address of an image that is stored: that of tonight is signed anew."""
        known = self._stored.get(image_path(release.image_url or ""))
        return replace(release, image_url=known) if known else release

    async def _price_requests(self) -> AsyncIterator[Request]:
        known = list(self.catalog.releases.known_pages(self.job.source_name))
        async for part in self.ledger.parts(self.ledger.plan("price", known)):
            for release in self.catalog.releases.by_id(part).values():
                query = urlencode({"curr_abbr": self._source.currency})
                yield self._price_request(release, f"stats/{release.native_id}?{query}", [])

    def _price_request(self, release: Release, path: str, found: list[Observation]) -> Request:
        is_stats = path.startswith("stats/")
        return Request(
            f"{self._source.url}/marketplace/{path}",
            callback=self.parse_stats if is_stats else self.parse_suggestions,
            errback=self.price_failed if is_stats else self.suggestions_failed,
            cb_kwargs={"release": release, "found": found},
        )

    def parse_stats(
        self, response: Response, release: Release, found: list[Observation]
    ) -> Iterator[Request]:
        """Read the lowest asking price, then ask for suggestions, if they are wanted."""
        try:
            asked = read_stats(response.body, release, datetime.now(UTC))
        except ValueError as error:
            self._give_up(release, "unreadable", str(error))
            return
        found += [asked] if asked else []
        if self._suggests:
            yield self._price_request(release, f"price_suggestions/{release.native_id}", found)
        else:
            self._finish(release, found)

    def parse_suggestions(
        self, response: Response, release: Release, found: list[Observation]
    ) -> None:
        """Read a price for each condition."""
        try:
            found += read_suggestions(response.body, release, datetime.now(UTC))
        except ValueError as error:
            self._give_up(release, "unreadable", str(error))
            return
        self._finish(release, found)

    def price_failed(self, failure: Failure) -> None:
        """Record a release whose prices did not come."""
        request, reason, said = _failed(failure)
        self._give_up(request.cb_kwargs["release"], reason, said)

    def suggestions_failed(self, failure: Failure) -> None:
        """Do without suggestions where the account is no seller's, which a 404 says."""
        request, reason, said = _failed(failure)
        release, found = request.cb_kwargs["release"], request.cb_kwargs["found"]
        if reason != "http_404":
            self._give_up(release, reason, said)
            return
        if self._suggests:
            self._suggests = False
            self.ledger.note("no_suggestions")
        self._finish(release, found)

    def _finish(self, release: Release, found: list[Observation]) -> None:
        self.ledger.observe(release.release_id, found)
        self.ledger.advance("price", release.release_id)
        self.ledger.finish()

    def _give_up(self, release: Release, reason: str, said: str) -> None:
        self.ledger.fail("price", release.release_id, reason, said)
        self.ledger.finish()


def _failed(failure: Failure) -> tuple[Request, str, str]:
    """Return the request that failed, the reason and what was said."""
    request, error = failed_request(failure)
    said = error_message(error.response.body) if isinstance(error, HttpError) else ""
    return request, reason_of(error), said or str(error)
