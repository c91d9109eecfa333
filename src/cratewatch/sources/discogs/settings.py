"""The settings of a part of Discogs."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, SecretStr, model_validator

from cratewatch.secret_url import IN_JSON, PublicUrl
from cratewatch.sources.source import Source
from cratewatch.sources.terms import Terms

Currency = Literal[
    "USD", "GBP", "EUR", "CAD", "AUD", "JPY", "CHF", "MXN", "BRL", "NZD", "SEK", "ZAR",
]  # fmt: skip


class DiscogsSource(Source):
    """Releases of one label, artist, master or search, with asking prices and suggestions.

    The service permits 60 requests a minute to an address with a token, 25 to one without.
    """

    terms: ClassVar[Terms] = Terms(
        "https://www.discogs.com/developers",
        most_per_s=1.0,
        obeys_robots=False,
    )
    asks_for_prices: ClassVar[bool] = True

    spider: Literal["discogs"]
    token: Annotated[SecretStr, IN_JSON] = SecretStr("")
    label: str | None = None
    artist: str | None = None
    master: int | None = Field(default=None, ge=1)
    search: str | None = None
    format: str = "Vinyl"
    currency: Currency = "USD"
    suggestions: bool = True
    rate_per_s: float = Field(default=0.4, ge=1e-5)
    concurrency: int = Field(default=1, ge=1)
    window_s: float = Field(default=60.0, gt=0, description="of the service's rate limit")
    url: PublicUrl = "https://api.discogs.com"
    site_url: PublicUrl = "https://www.discogs.com"
    obey_robots: bool = False

    @property
    def addresses(self) -> tuple[str, ...]:
        """The service, and the site whose pages are named."""
        return (self.url, self.site_url)

    @model_validator(mode="after")
    def _one_part(self) -> DiscogsSource:
        if sum(map(bool, (self.label, self.artist, self.master, self.search))) != 1:
            raise ValueError("give exactly one of label, artist, master (an id), search")
        if not self.token and not self.master:
            raise ValueError("its search needs a `token`; make one at discogs.com/settings")
        return self
