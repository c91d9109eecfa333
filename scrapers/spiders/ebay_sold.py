"""What was sold on eBay in the last 90 days, by Marketplace Insights."""

from __future__ import annotations

from cratewatch.sources.ebay.listings import ResultPage, Search, read_sales
from scrapers.ebay_spider import EbaySpider


class EbaySoldSpider(EbaySpider):
    """Reads sold listings."""

    name = "ebay_sold"

    def read(self, body: bytes, search: Search) -> ResultPage:
        """Read a page of Marketplace Insights."""
        return read_sales(body, self.job.source_name, search)
