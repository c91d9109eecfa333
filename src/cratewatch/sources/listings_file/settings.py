"""The settings of a file of listings."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from cratewatch.secret_url import PublicUrl
from cratewatch.sources.amounts import DecimalSign
from cratewatch.sources.moments import DateOrder
from cratewatch.sources.source import Source
from cratewatch.sources.terms import GATHERED, Terms

ListingColumn = Literal[
    "native_id", "title", "artist", "price", "currency", "date", "media_condition",
    "sleeve_condition", "quantity", "images", "url", "label", "catno", "barcode", "year",
    "country", "format",
]  # fmt: skip
"""What a column of a file of listings may say."""


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"no time zone is called {name!r}; give one such as UTC")
    return name


class ListingsFileSource(Source):
    """Listings that somebody else has gathered, sold ones for the most part, with their images."""

    terms: ClassVar[Terms] = GATHERED

    spider: Literal["listings_file"]
    file: str = Field(description="or a pattern of several, such as sold/*.json")
    listed: Literal["sold", "asking"] = "sold"
    columns: dict[ListingColumn, str] = Field(
        default={}, description="the file's own name of each column, with dots between levels"
    )
    currency: str = Field(default="", pattern="^([A-Z]{3})?$", description="where nothing says it")
    decimal: DecimalSign = ""
    date_order: DateOrder = ""
    timezone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    url: PublicUrl = Field(default="", description="of the service that has the images")
    images_expire_days: float = Field(default=30.0, gt=0, le=36_500)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The service that has the images, or the file."""
        return (self.url or f"file:{self.file}",)
