"""Releases, covers, offers, sales and the ledger of items: the only user of SQLAlchemy."""

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.records import (
    Cover,
    CoverToFetch,
    Diff,
    Failure,
    ListedRelease,
    Release,
)
from cratewatch.catalog.schema import MAX_KEY

__all__ = [
    "MAX_KEY",
    "Catalog",
    "Cover",
    "CoverToFetch",
    "Diff",
    "Failure",
    "ListedRelease",
    "Release",
    "open_catalog",
]
