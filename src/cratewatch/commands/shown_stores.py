"""What commands print of catalog, lake and gallery with --json, as types."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from cratewatch.catalog.records import Cover, ListedRelease


@dataclass(frozen=True)
class ReleaseShown(ListedRelease):
    """All that the catalog holds of a release."""

    image_url: str | None
    missing_since: datetime | None


@dataclass(frozen=True)
class OfferShown:
    """An asking price."""

    seen_at: datetime
    price: Decimal | None
    currency: str | None
    in_stock: bool | None


@dataclass(frozen=True)
class ItemShown:
    """A page or image in the ledger."""

    source: str
    kind: str
    key: str
    run_id: str
    state: str
    reason: str | None
    detail: str | None
    attempts: int
    updated_at: datetime


@dataclass(frozen=True)
class EmbeddingShown:
    """A cover's embedding by a model."""

    model: str
    shard: str
    embedded_at: datetime
    indexed_at: datetime | None


@dataclass(frozen=True)
class ShownRelease:
    """All that is known of a release."""

    release: ReleaseShown
    offers: list[OfferShown]
    cover: Cover | None
    same_artwork: list[ListedRelease]
    items: list[ItemShown]


@dataclass(frozen=True)
class ShownCover:
    """All that is known of a cover."""

    cover: Cover
    releases: list[ListedRelease]
    embeddings: list[EmbeddingShown]
    items: list[ItemShown]


@dataclass(frozen=True)
class CatalogCounts:
    """How much the catalog holds."""

    releases: int
    withdrawn: int
    covers: int
    artworks: int
    releases_without_cover: int


@dataclass(frozen=True)
class SourceStatus:
    """How the latest run that read a source as a whole ended."""

    state: str
    last_success: datetime | None
    run_id: str
    started_at: datetime
    error: str | None


@dataclass(frozen=True)
class RunStatus:
    """One of the last runs."""

    run_id: str
    state: str
    started_at: datetime
    noted: dict[str, int]


@dataclass(frozen=True)
class CollectionStatus:
    """A collection of the gallery."""

    rows: int | None
    state: str
    index: str
    build: dict[str, int]
    search: dict[str, int]
    recall_at_10: float | None
    served_until: datetime | None


@dataclass(frozen=True)
class FoundThemselves:
    """Of how many covers how many were found by their own embedding."""

    found: int
    of: int


@dataclass(frozen=True)
class GalleryStatus:
    """How the gallery is."""

    server: str
    serving: str | None
    serving_model: str | None
    collections: dict[str, CollectionStatus]
    found_themselves: FoundThemselves
    lag_s: float


@dataclass(frozen=True)
class GalleryAway:
    """Why the gallery cannot be opened."""

    error: str


@dataclass(frozen=True)
class Status:
    """What catalog, lake and gallery hold and how the last runs ended."""

    home: str
    catalog: CatalogCounts
    items: dict[str, dict[str, int]]
    failures: dict[str, int]
    queries: list[str]
    models: list[str]
    sources: dict[str, SourceStatus]
    last_runs: list[RunStatus]
    last_success: dict[str, datetime]
    gallery: GalleryStatus | GalleryAway


@dataclass(frozen=True)
class FailedItem:
    """An item that failed and has not succeeded since."""

    source: str
    kind: str
    key: str
    detail: str | None
    attempts: int
    failed_at: datetime


@dataclass(frozen=True)
class FailuresOfReason:
    """How many items failed for a reason, and some of them."""

    count: int
    examples: list[FailedItem]


@dataclass(frozen=True)
class BackupShown:
    """A backup of the gallery that was written."""

    backup: str
    collection: str
    model: str
    rows: int
    shards: int
