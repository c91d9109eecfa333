"""What is asked for on eBay today, by Browse; nobody has paid these prices."""

from __future__ import annotations

from datetime import UTC, datetime

from cratewatch.sources.ebay.listings import ResultPage, Search, read_summaries
from scrapers.ebay_spider import EbaySpider


class EbayListingsSpider(EbaySpider):
    """Reads listings."""

    name = "ebay_listings"

    def read(self, body: bytes, search: Search) -> ResultPage:
        """Read a page of Browse."""
        return read_summaries(body, self.job.source_name, search, datetime.now(UTC))
