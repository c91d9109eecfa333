"""The settings of a source that comes from dumps."""

from __future__ import annotations

from typing import ClassVar, Literal

from cratewatch.secret_url import PublicUrl
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
    # The archive's documentation permits to its users what robots.txt refuses to general crawlers.
    obey_robots: bool = False

    @property
    def addresses(self) -> tuple[str, ...]:
        """The archive of covers."""
        return (self.archive_url,)
