"""Releases, covers, offers, sales and the ledger of items: the only user of SQLAlchemy."""

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.records import (
    MAX_KEY,
    Cover,
    CoverToFetch,
    Diff,
    Item,
    ItemKind,
    ListedRelease,
    Release,
    item_key,
    storable,
)
from cratewatch.catalog.runs import Run, refresh_kind

__all__ = [
    "MAX_KEY",
    "Catalog",
    "Cover",
    "CoverToFetch",
    "Diff",
    "Item",
    "ItemKind",
    "ListedRelease",
    "Release",
    "Run",
    "item_key",
    "open_catalog",
    "refresh_kind",
    "storable",
]
