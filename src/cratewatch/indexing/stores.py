"""The three stores that an index is made from and in."""

from __future__ import annotations

from dataclasses import dataclass

from cratewatch.catalog.catalog import Catalog
from cratewatch.gallery.gallery import Gallery
from cratewatch.lake.lake import Lake


@dataclass(frozen=True)
class Stores:
    """Catalog, lake and gallery of one shop, open."""

    catalog: Catalog
    lake: Lake
    gallery: Gallery
