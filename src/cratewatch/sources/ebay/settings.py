"""The settings of eBay's two APIs."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, SecretStr, model_validator

from cratewatch.secret_url import IN_JSON, PublicUrl
from cratewatch.sources.source import Source, SourceName
from cratewatch.sources.terms import Terms

SCOPE = "https://api.ebay.com/oauth/api_scope"
"""A name, wherever the service itself is asked."""
LICENCE = "eBay's API License Agreement"


class EbaySource(Source):
    """What both have in common: the keys of an application, and what is looked for.

    Attributes:
        path: Of the search.
        scope: For which a token is asked.
    """

    terms: ClassVar[Terms] = Terms(
        LICENCE, most_per_s=5.0, obeys_robots=False, keep_days=90.0, may_train=False
    )
    asks_for_prices: ClassVar[bool] = True
    lists_releases: ClassVar[bool] = False
    path: ClassVar[str]
    scope: ClassVar[str] = SCOPE

    client_id: Annotated[SecretStr, IN_JSON]
    client_secret: Annotated[SecretStr, IN_JSON]
    queries: tuple[str, ...] = ()
    of: tuple[SourceName, ...] = Field(default=(), description="whose releases are looked for")
    marketplace: str = Field(default="EBAY_US", pattern="^EBAY_[A-Z]{2,6}$")
    category: str = Field(default="176985", pattern="^[0-9]*$", description="vinyl records")
    max_results: int = Field(default=200, ge=1, le=10_000, description="of one search")
    max_pages: int = Field(default=5000, ge=1, description="searches of one run")
    url: PublicUrl = "https://api.ebay.com"
    obey_robots: bool = False

    @property
    def addresses(self) -> tuple[str, ...]:
        """The service."""
        return (self.url,)

    @model_validator(mode="after")
    def _something(self) -> EbaySource:
        if not self.queries and not self.of:
            raise ValueError("give `queries`, or `of`: sources whose releases are looked for")
        return self


class EbaySoldSource(EbaySource):
    """Listings that were sold in the last 90 days; eBay grants this API to few."""

    path: ClassVar[str] = "/buy/marketplace_insights/v1_beta/item_sales/search"
    scope: ClassVar[str] = f"{SCOPE}/buy.marketplace.insights"

    spider: Literal["ebay_sold"]


class EbayListingsSource(EbaySource):
    """Listings of today, whose prices are asked and not paid."""

    path: ClassVar[str] = "/buy/browse/v1/item_summary/search"

    spider: Literal["ebay_listings"]
