"""Releases of one MusicBrainz label, artist or release group, browsed page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlencode

from scrapy.http import Request, Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from cratewatch.catalog.records import Release
from cratewatch.sources.musicbrainz.releases import (
    error_message,
    read_browse_page,
    release_from_json,
)
from cratewatch.sources.musicbrainz.settings import MusicBrainzSource
from scrapers.bounds import LISTING
from scrapers.job_spider import JobSpider, failed_request
from scrapers.reasons import reason_of

PAGE_LIMIT = 100
INCLUDED = "artist-credits+labels+media+release-groups+genres"


class MusicBrainzSpider(JobSpider):
    """Reads the browse pages of the web service, which hold whole releases."""

    name = "musicbrainz"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        assert isinstance(self.job.source, MusicBrainzSource)
        self._source = self.job.source
        self._seen: set[str] = set()

    async def start(self) -> AsyncIterator[Any]:
        """Ask for the first page."""
        yield self._browse(0)

    def _browse(self, offset: int) -> Request:
        source = self._source
        entity = {
            "label": source.label,
            "artist": source.artist,
            "release-group": source.release_group,
        }
        query = {key: value for key, value in entity.items() if value} | {
            "inc": INCLUDED,
            "fmt": "json",
            "limit": PAGE_LIMIT,
            "offset": offset,
        }
        return Request(
            f"{source.url}/ws/2/release?{urlencode(query, safe='+')}",
            callback=self.parse_page,
            errback=self.page_failed,
            cb_kwargs={"offset": offset},
            meta={LISTING: True},
        )

    def parse_page(self, response: Response, offset: int) -> Iterator[Release | Request]:
        """Yield a page's releases, then the request for the next one."""
        try:
            page = read_browse_page(response.body)
        except ValueError as error:
            self.ledger.fail_listing(response.url, "unreadable", str(error))
            return
        self.ledger.expected = page.count
        self._seen.update(data["id"] for data in page.releases)
        yield from self.listed([self._release(data) for data in page.releases])
        # A page is cut at 500 tracks: it may hold fewer releases than were asked for.
        following = offset + page.length
        if page.length and following < page.count:
            yield self._browse(following)
        elif len(self._seen) < page.count:
            detail = f"{len(self._seen)} of {page.count} releases came"
            self.ledger.fail_listing(response.url, "incomplete_listing", detail)

    def page_failed(self, failure: Failure) -> None:
        """Record a page that did not come, with what the service said."""
        request, error = failed_request(failure)
        said = error_message(error.response.body) if isinstance(error, HttpError) else ""
        self.ledger.fail_listing(request.url, reason_of(error), said or str(error))

    def _release(self, data: dict[str, Any]) -> Release:
        return release_from_json(
            data,
            self.job.source_name,
            site_url=self._source.url,
            archive_url=self._source.archive_url,
            label_id=self._source.label,
        )
