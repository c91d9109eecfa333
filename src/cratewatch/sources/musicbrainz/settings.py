"""The settings of a part of MusicBrainz."""

from __future__ import annotations

from typing import ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import model_validator

from cratewatch.secret_url import PublicUrl
from cratewatch.sources.source import Source
from cratewatch.sources.terms import Terms

SITE = "musicbrainz.org"


class MusicBrainzSource(Source):
    """Releases of one MusicBrainz label, artist or release group, covers from the archive.

    The service's published limit is one request a second for each address.
    """

    terms: ClassVar[Terms] = Terms(
        "https://musicbrainz.org/doc/MusicBrainz_API/Rate_Limiting",
        most_per_s=1.0,
        obeys_robots=False,
    )

    spider: Literal["musicbrainz"]
    label: str | None = None
    artist: str | None = None
    release_group: str | None = None
    url: PublicUrl = f"https://{SITE}"
    archive_url: PublicUrl = "https://coverartarchive.org"
    # The API's documentation permits what robots.txt refuses to general crawlers.
    obey_robots: bool = False

    @property
    def asks_the_service(self) -> bool:
        """Whether MusicBrainz itself is asked, and no mirror, whose pace is its owner's."""
        host = urlsplit(self.url).hostname or ""
        return host == SITE or host.endswith(f".{SITE}")

    @property
    def addresses(self) -> tuple[str, ...]:
        """The web service and the archive of covers."""
        return (self.url, self.archive_url)

    @model_validator(mode="after")
    def _one_entity(self) -> MusicBrainzSource:
        if sum(map(bool, (self.label, self.artist, self.release_group))) != 1:
            raise ValueError("give exactly one of label, artist, release_group (a MusicBrainz id)")
        return self
