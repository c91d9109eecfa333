"""The settings of a shop."""

from __future__ import annotations

from typing import Literal

from cratewatch.secret_url import PublicUrl
from cratewatch.sources.source import Source


class StorefrontSource(Source):
    """A shop's public pages: its sitemap and product pages, or /products.json."""

    spider: Literal["storefront"]
    url: PublicUrl

    @property
    def addresses(self) -> tuple[str, ...]:
        """The shop."""
        return (self.url,)
