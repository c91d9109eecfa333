"""What the spiders of eBay's two searches have in common."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlencode

from scrapy.http import Request, Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from cratewatch.catalog.records import Release
from cratewatch.chunks import chunks
from cratewatch.sources.ebay.listings import ResultPage, Search, error_message, searches
from cratewatch.sources.ebay.settings import EbaySource
from scrapers.job_spider import JobSpider, failed_request
from scrapers.reasons import reason_of

PER_PAGE = 200
AT_ONCE = 500


class EbaySpider(JobSpider):
    """Searches for words and releases, and reads page after page of what is found."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        assert isinstance(self.job.source, EbaySource)
        self._source = self.job.source

    def read(self, body: bytes, search: Search) -> ResultPage:
        """Read a page; raise ValueError if it is none."""
        raise NotImplementedError

    async def start(self) -> AsyncIterator[Any]:
        """Ask for the first page of each search that is still to be done."""
        wanted = {search.key: search for search in self._searches()}
        async for part in self.ledger.parts(self.ledger.plan("price", list(wanted))):
            for key in part:
                yield self._request(wanted[key], 0)

    def _searches(self) -> Iterator[Search]:
        yield from searches(self._source.queries, self._releases())

    def _releases(self) -> Iterator[Release]:
        for source in self._source.of:
            for part in chunks(self.catalog.releases.known_pages(source), AT_ONCE):
                yield from self.catalog.releases.by_id(part).values()

    def _request(self, search: Search, offset: int) -> Request:
        query = search.query | {"limit": str(PER_PAGE), "offset": str(offset)}
        query |= {"category_ids": self._source.category} if self._source.category else {}
        return Request(
            f"{self._source.url}{self._source.path}?{urlencode(query)}",
            callback=self.parse_page,
            errback=self.page_failed,
            cb_kwargs={"search": search, "offset": offset},
        )

    def parse_page(self, response: Response, search: Search, offset: int) -> Iterator[Request]:
        """Keep a page's prices, then ask for the next one."""
        try:
            page = self.read(response.body, search)
        except ValueError as error:
            self._give_up(search, "unreadable", str(error))
            return
        self.ledger.observe(search.key, page.prices)
        self.ledger.noted["lot"] += page.lots
        self.ledger.noted["unfit"] += page.unfit
        following = offset + PER_PAGE
        if page.length and following < min(page.total, self._source.max_results):
            yield self._request(search, following)
        else:
            self.ledger.advance("price", search.key)
            self.ledger.finish()

    def page_failed(self, failure: Failure) -> None:
        """Record a search that failed, with what the service said."""
        request, error = failed_request(failure)
        said = error_message(error.response.body) if isinstance(error, HttpError) else ""
        self._give_up(request.cb_kwargs["search"], reason_of(error), said or str(error))

    def _give_up(self, search: Search, reason: str, said: str) -> None:
        self.ledger.fail("price", search.key, reason, said)
        self.ledger.finish()
