"""The settings of a shop."""

from __future__ import annotations

from typing import Literal

from cratewatch.secret_url import PublicUrl
from cratewatch.sources.source import Source

BrandIs = Literal["label", "artist", "shop"]
"""What a shop means by the brand of a product, or by the vendor of a feed."""


class StorefrontSource(Source):
    """A shop's public pages: its sitemap and product pages, or /products.json."""

    spider: Literal["storefront"]
    url: PublicUrl
    brand_is: BrandIs = "label"

    @property
    def addresses(self) -> tuple[str, ...]:
        """The shop."""
        return (self.url,)
