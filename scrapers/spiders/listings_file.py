"""Listings of files: no page is asked for them, only their images are fetched, by another job."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from glob import glob
from itertools import islice
from pathlib import Path
from typing import Any

from scrapy.http import Request, Response

from cratewatch.catalog.records import Release
from cratewatch.errors import CratewatchError
from cratewatch.sources.listings_file.listing import ListingError, ListingReader
from cratewatch.sources.listings_file.objects import Object, read_objects
from cratewatch.sources.listings_file.settings import ListingsFileSource
from scrapers.addresses import INTERNAL
from scrapers.job_spider import JobSpider
from scrapers.launch import NEWEST_ONLY

SAMPLE = 1000
"""Objects that tell how a file writes amounts and dates."""
AT_ONCE = 500


class ListingsFileSpider(JobSpider):
    """Reads the files one after the other; what they do not name any more stays in the catalog."""

    name = "listings_file"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        assert isinstance(self.job.source, ListingsFileSource)
        self._source = self.job.source

    async def start(self) -> AsyncIterator[Any]:
        """Yield one request without network, whose callback reads the files."""
        yield Request("data:,", callback=self.read_files, meta={INTERNAL: True})

    def read_files(self, response: Response) -> Iterator[Release]:
        """Yield the releases that the files list; their prices go to the ledger."""
        del response
        self.ledger.note(NEWEST_ONLY)
        files = sorted(map(Path, glob(self._source.file))) or [Path(self._source.file)]  # noqa: PTH207
        for file in files:
            try:
                yield from self._read(file)
            except CratewatchError as error:
                self.ledger.fail_listing(str(file), "unreadable", str(error))

    def _read(self, file: Path) -> Iterator[Release]:
        sample = [said for _, said in islice(read_objects(file), SAMPLE)]
        reader = ListingReader(self.job.source_name, self._source, sample)
        batch: list[tuple[str, Object]] = []
        for found in read_objects(file):
            batch.append(found)
            if len(batch) == AT_ONCE:
                yield from self._listed_in(batch, reader)
                batch = []
        yield from self._listed_in(batch, reader)

    def _listed_in(
        self, batch: list[tuple[str, Object]], reader: ListingReader
    ) -> Iterator[Release]:
        releases: list[Release] = []
        for where, said in batch:
            try:
                listing = reader.read(said)
            except ListingError as error:
                self.ledger.fail("page", reader.id_of(said) or where, error.reason, str(error))
                continue
            if listing.price is None:
                self.ledger.note("lot")
            else:
                self.ledger.observe(listing.release.page_key, [listing.price])
            releases.append(listing.release)
        yield from self.listed(releases)
