"""The settings of a source that comes from dumps."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import SecretStr, model_validator

from cratewatch.secret_url import IN_JSON, PublicUrl
from cratewatch.sources.discogs.settings import DiscogsSource
from cratewatch.sources.source import Source
from cratewatch.sources.terms import Terms


class DumpSource(Source):
    """Releases that `cratewatch import-dump` reads from monthly dumps; only covers are fetched."""

    terms: ClassVar[Terms] = Terms(
        "https://musicbrainz.org/doc/Cover_Art_Archive/API",
        obeys_robots=False,
    )

    spider: Literal["dump"]
    service: Literal["discogs", "musicbrainz"]
    labels: tuple[str, ...] = ()
    sublabels: bool = False
    formats: tuple[str, ...] = ()
    archive_url: PublicUrl = "https://coverartarchive.org"
    token: Annotated[SecretStr, IN_JSON] = SecretStr("")
    url: PublicUrl = "https://api.discogs.com"
    # The archive's documentation permits to its users what robots.txt refuses to general crawlers.
    obey_robots: bool = False

    @property
    def addresses(self) -> tuple[str, ...]:
        """Who has the covers."""
        return (self.archive_url,) if self.service == "musicbrainz" else (self.url,)

    @property
    def asks_for_images(self) -> bool:
        """Whether Discogs is asked where covers are: its dumps of today do not say."""
        return self.service == "discogs" and bool(self.token)

    @model_validator(mode="after")
    def _as_the_service_wants_it(self) -> DumpSource:
        terms = DiscogsSource.terms
        if self.token and self.service != "discogs":
            raise ValueError("a token is for dumps of discogs")
        if self.asks_for_images and self.asks_the_service:
            most = terms.most_per_s
            if most is not None and self.rate_per_s > most:
                raise ValueError(f"rate_per_s is above {most:g}; see {terms.said_by}")
        return self
