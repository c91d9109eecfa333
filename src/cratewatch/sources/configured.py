"""The sources that settings may name: each by the spider that crawls it."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from cratewatch.sources.discogs.settings import DiscogsSource
from cratewatch.sources.dumps.settings import DumpSource
from cratewatch.sources.ebay.settings import EbayListingsSource, EbaySoldSource
from cratewatch.sources.listings_file.settings import ListingsFileSource
from cratewatch.sources.musicbrainz.settings import MusicBrainzSource
from cratewatch.sources.source import Source
from cratewatch.sources.storefront.settings import StorefrontSource

AnySource = Annotated[
    StorefrontSource
    | MusicBrainzSource
    | DiscogsSource
    | EbaySoldSource
    | EbayListingsSource
    | ListingsFileSource
    | DumpSource,
    Field(discriminator="spider"),
]
SPIDERS: dict[str, type[Source]] = {
    get_args(model.model_fields["spider"].annotation)[0]: model
    for model in get_args(get_args(AnySource)[0])
}
