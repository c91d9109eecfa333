"""The tables of releases, covers and prices. docs/data-format.md describes them; change both.

Those of runs stand in schema_of_runs.py, those of people in schema_of_people.py.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from cratewatch.catalog.records import MAX_KEY, Cover, ListedRelease, Release
from cratewatch.catalog.table import Table


class IdentityRow(Table):
    """Which catalog this is; its only row is written when the tables are made."""

    __tablename__ = "identity"

    catalog_id: Mapped[str] = mapped_column(String(32), primary_key=True)


class CoverRow(Table):
    """A stored image."""

    __tablename__ = "covers"

    cover_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    artwork_id: Mapped[str] = mapped_column(String(64), index=True)
    source: Mapped[str] = mapped_column(String(64))
    source_url: Mapped[str] = mapped_column(Text)
    width_px: Mapped[int]
    height_px: Mapped[int]
    phash: Mapped[str] = mapped_column(String(64))
    fetched_at: Mapped[datetime]
    facts_changed_at: Mapped[datetime | None] = mapped_column(index=True)

    def to_cover(self) -> Cover:
        """Return the row's facts, usable when the session is closed."""
        return Cover(**{name: getattr(self, name) for name in Cover.__dataclass_fields__})


class ImageRow(Table):
    """What the address of a stored image answered last; see images.py."""

    __tablename__ = "images"

    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    image_url: Mapped[str] = mapped_column(Text, primary_key=True)
    fetched_url: Mapped[str | None] = mapped_column(Text)
    digest: Mapped[str | None] = mapped_column(String(64))
    etag: Mapped[str | None] = mapped_column(Text)
    last_modified: Mapped[str | None] = mapped_column(Text)
    checked_at: Mapped[datetime]


class ReleaseRow(Table):
    """A pressing as a source lists it."""

    __tablename__ = "releases"
    __table_args__ = (Index(None, "source", "image_url"),)

    release_id: Mapped[str] = mapped_column(String(MAX_KEY), primary_key=True)
    source: Mapped[str] = mapped_column(String(64))
    artist: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    year: Mapped[int | None]
    label: Mapped[str | None] = mapped_column(Text)
    catno: Mapped[str | None] = mapped_column(Text)
    barcode: Mapped[str | None] = mapped_column(Text)
    country: Mapped[str | None] = mapped_column(Text)
    format: Mapped[str | None] = mapped_column(Text)
    genres: Mapped[list[str]] = mapped_column(JSON)
    page_url: Mapped[str | None] = mapped_column(Text)
    image_url: Mapped[str | None] = mapped_column(Text)
    cover_id: Mapped[str | None] = mapped_column(ForeignKey("covers.cover_id"), index=True)
    cover_image_url: Mapped[str | None] = mapped_column(Text)
    content_hash: Mapped[str] = mapped_column(String(64))
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    missing_since: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    def to_listed(self, offer: OfferRow | None) -> ListedRelease:
        """Return the release as people are shown it, with an offer."""
        asked = ("price", "currency", "in_stock")
        told: dict[str, Any] = {
            name: getattr(offer, name, None) if name in asked else getattr(self, name)
            for name in ListedRelease.__dataclass_fields__
        }
        return ListedRelease(**told | {"genres": tuple(self.genres)})

    def to_release(self, offer: OfferRow | None) -> Release:
        """Return the release as its source listed it last."""
        same = ("source", "title", "artist", "year", "label", "catno", "barcode", "country")
        return Release(
            **{name: getattr(self, name) for name in (*same, "format", "page_url", "image_url")},
            native_id=self.release_id.removeprefix(f"{self.source}:"),
            genres=tuple(self.genres),
            price=offer.price if offer else None,
            currency=offer.currency if offer else None,
            in_stock=offer.in_stock if offer else None,
        )


class OfferRow(Table):
    """An asking price; a row is added when it differs from the release's latest one."""

    __tablename__ = "offers"

    release_id: Mapped[str] = mapped_column(ForeignKey("releases.release_id"), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(primary_key=True)
    price: Mapped[Decimal | None]
    currency: Mapped[str | None] = mapped_column(String(3))
    in_stock: Mapped[bool | None]


class ObservationRow(Table):
    """One price that was seen; see observations.py."""

    __tablename__ = "observations"
    __table_args__ = (
        Index(None, "release_id", "observed_at"),
        Index(None, "source", "kind", "native_id"),
    )

    observation_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    source: Mapped[str] = mapped_column(String(64))
    native_id: Mapped[str] = mapped_column(String(MAX_KEY))
    kind: Mapped[str] = mapped_column(String(16))
    release_id: Mapped[str | None] = mapped_column(String(MAX_KEY))
    title: Mapped[str] = mapped_column(Text)
    media_condition: Mapped[str | None] = mapped_column(String(8))
    sleeve_condition: Mapped[str | None] = mapped_column(String(8))
    condition: Mapped[str | None] = mapped_column(Text)
    price: Mapped[Decimal]
    currency: Mapped[str] = mapped_column(String(3))
    quantity: Mapped[int]
    observed_at: Mapped[datetime]
    url: Mapped[str | None] = mapped_column(Text)


class DumpBlockRow(Table):
    """Of 1,024 records of a dump, what each one's text was when it was read; see dumps.py."""

    __tablename__ = "dump_blocks"

    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    block: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digests: Mapped[bytes] = mapped_column(LargeBinary)


class EntityRow(Table):
    """A master, artist or label of a dump; see entities.py."""

    __tablename__ = "entities"
    __table_args__ = (Index(None, "source", "kind", "belongs_to"),)

    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    native_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text)
    belongs_to: Mapped[int | None]
    other_names: Mapped[list[str]] = mapped_column(JSON)
    year: Mapped[int | None]


class LinkRow(Table):
    """Two releases that are one pressing, or that somebody said are two; see links.py."""

    __tablename__ = "links"

    release_id: Mapped[str] = mapped_column(String(MAX_KEY), primary_key=True)
    other_id: Mapped[str] = mapped_column(String(MAX_KEY), primary_key=True, index=True)
    reason: Mapped[str] = mapped_column(String(32))
    confidence: Mapped[float]
    linked_at: Mapped[datetime]
    refused_at: Mapped[datetime | None]


class RelationRow(Table):
    """A page of another service that a source says is of the same pressing."""

    __tablename__ = "relations"

    release_id: Mapped[str] = mapped_column(String(MAX_KEY), primary_key=True)
    page: Mapped[str] = mapped_column(String(64), primary_key=True)


class EmbeddingRow(Table):
    """A cover's embedding by a model: where it lies in the lake, and whether it is indexed."""

    __tablename__ = "embeddings"
    __table_args__ = (Index(None, "model", "shard"),)

    model: Mapped[str] = mapped_column(String(64), primary_key=True)
    cover_id: Mapped[str] = mapped_column(ForeignKey("covers.cover_id"), primary_key=True)
    shard: Mapped[str] = mapped_column(Text)
    embedded_at: Mapped[datetime]
    indexed_at: Mapped[datetime | None]
