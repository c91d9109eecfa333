"""What is true of every source: its name, how fast it may be asked, and whom it asks."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from cratewatch.secret_url import IN_JSON, SecretUrl
from cratewatch.sources.terms import OPEN, Terms

IMPORT_SOURCE = "import"
"""The source of covers that were imported from a folder; no configured one may be called so."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Source(BaseModel):
    """Settings of a source that is crawled; each source's own derive from it.

    Attributes:
        terms: What the source allows.
        asks_for_prices: Whether it is asked for the prices of releases that are known already.
        lists_releases: Whether it tells of releases, and not of prices alone.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )
    terms: ClassVar[Terms] = OPEN
    asks_for_prices: ClassVar[bool] = False
    lists_releases: ClassVar[bool] = True

    spider: str
    rate_per_s: float = Field(default=1.0, ge=1e-5)
    concurrency: int = Field(default=4, ge=1, description="requests under way at once per host")
    retries: int = Field(default=4, ge=0, description="after the first try, per request")
    timeout_s: float = Field(default=30.0, gt=0, le=86_400)
    obey_robots: bool = True
    deadline_s: float = Field(
        default=8 * 3600.0, gt=0, le=20 * 86_400, description="of one crawl; then it ends"
    )
    lease_s: float = Field(
        default=60.0,
        gt=0,
        le=86_400,
        description="after which a crawl of another machine takes over from one that died",
    )
    max_bytes: int = Field(default=20 * 2**30, ge=1, description="of all answers of one crawl")
    max_pages: int = Field(default=500_000, ge=1, description="pages or releases of one crawl")
    max_listings: int = Field(default=10_000, ge=1, description="sitemaps or feed pages")
    give_up_after: int = Field(default=30, ge=1, description="requests in a row that failed")
    recheck_share: float = Field(
        default=0.03, ge=0, le=1, description="of stored images, asked for again each night"
    )
    private_network: bool = Field(
        default=False, description="its hosts may be of a private network, such as one's own"
    )

    images_expire_days: float = Field(
        default=36_500, gt=0, le=36_500, description="after which an image is given up"
    )

    keep_days: float | None = Field(
        default=None, gt=0, le=36_500, description="of its prices; at most what its terms say"
    )
    may_train: bool | None = Field(
        default=None, description="whether models may learn from it, against its terms if need be"
    )

    proxies: tuple[Annotated[SecretUrl, IN_JSON], ...] = Field(
        default=(), description="asked by way of, in turn"
    )

    @model_validator(mode="after")
    def _within_the_terms(self) -> Self:
        if self.proxies and not self.terms.allows_proxies:
            raise ValueError(f"it may not be asked by way of proxies; see {self.terms.said_by}")
        most = self.terms.most_per_s
        if most is not None and self.rate_per_s > most and self.asks_the_service:
            raise ValueError(f"rate_per_s is above {most:g}; see {self.terms.said_by}")
        ignores_robots = self.terms.obeys_robots and not self.obey_robots
        if ignores_robots and self.asks_the_service and not self.private_network:
            raise ValueError(
                "robots.txt is for it (obey_robots = false); a shop of your own can allow "
                "cratewatch there"
            )
        return self

    @property
    def asks_the_service(self) -> bool:
        """Whether others are asked than this machine, whose terms are nobody's."""
        return not all(urlsplit(url).hostname in LOOPBACK for url in self.addresses)

    @property
    def prices_kept_days(self) -> float | None:
        """How long prices are kept, by the settings and the terms; None for ever."""
        return min(filter(None, (self.keep_days, self.terms.keep_days)), default=None)

    @property
    def is_for_training(self) -> bool:
        """Whether models may learn from what it says."""
        return self.terms.may_train if self.may_train is None else self.may_train

    @property
    def addresses(self) -> tuple[str, ...]:
        """The URLs of the services that are asked."""
        raise NotImplementedError


def _free(name: str) -> str:
    if name == IMPORT_SOURCE:
        raise ValueError(f"{IMPORT_SOURCE!r} is the source of imported covers")
    return name


# It becomes part of release ids and of artifact keys.
SourceName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$"), AfterValidator(_free)]
