"""The first schema."""

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create all tables."""
    _identity()
    _runs()
    _covers_and_releases()
    _images()
    _prices()
    _ledger()
    _embeddings()


def _identity() -> None:
    identity = op.create_table("identity", sa.Column("catalog_id", sa.String(32), primary_key=True))
    op.bulk_insert(identity, [{"catalog_id": uuid.uuid4().hex}])


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String(192), primary_key=True),
        sa.Column("kind", sa.String(128), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("report", sa.JSON()),
    )


def _covers_and_releases() -> None:
    op.create_table(
        "covers",
        sa.Column("cover_id", sa.String(64), primary_key=True),
        sa.Column("artwork_id", sa.String(64), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.Column("phash", sa.String(64), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts_changed_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_covers_artwork_id", "covers", ["artwork_id"])
    op.create_index("ix_covers_facts_changed_at", "covers", ["facts_changed_at"])
    texts = ("label", "catno", "barcode", "country", "format")
    op.create_table(
        "releases",
        sa.Column("release_id", sa.String(1024), primary_key=True),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("artist", sa.Text()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer()),
        *(sa.Column(name, sa.Text()) for name in texts),
        sa.Column("genres", sa.JSON(), nullable=False),
        sa.Column("page_url", sa.Text()),
        sa.Column("image_url", sa.Text()),
        sa.Column("cover_id", sa.String(64), sa.ForeignKey("covers.cover_id")),
        sa.Column("cover_image_url", sa.Text()),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("missing_since", sa.DateTime(timezone=True)),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_releases_source_image_url", "releases", ["source", "image_url"])
    op.create_index("ix_releases_cover_id", "releases", ["cover_id"])


def _images() -> None:
    op.create_table(
        "images",
        sa.Column("source", sa.String(64), primary_key=True),
        sa.Column("image_url", sa.Text(), primary_key=True),
        sa.Column("fetched_url", sa.Text()),
        sa.Column("digest", sa.String(64)),
        sa.Column("etag", sa.Text()),
        sa.Column("last_modified", sa.Text()),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
    )


def _prices() -> None:
    release = sa.ForeignKey("releases.release_id")
    op.create_table(
        "offers",
        sa.Column("release_id", sa.String(1024), release, primary_key=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("price", sa.String(32)),
        sa.Column("currency", sa.String(3)),
        sa.Column("in_stock", sa.Boolean()),
    )
    op.create_table(
        "sales",
        sa.Column("sale_id", sa.String(1024), primary_key=True),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("release_id", sa.String(1024), sa.ForeignKey("releases.release_id")),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("price", sa.String(32), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("media_condition", sa.String(8)),
        sa.Column("sleeve_condition", sa.String(8)),
        sa.Column("sold_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("url", sa.Text()),
    )


def _ledger() -> None:
    op.create_table(
        "staged_releases",
        sa.Column("run_id", sa.String(192), primary_key=True),
        sa.Column("release_id", sa.String(1024), primary_key=True),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
    )
    op.create_table(
        "items",
        sa.Column("source", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("key", sa.String(1024), primary_key=True),
        sa.Column("run_id", sa.String(192), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("cover_id", sa.String(64)),
        sa.Column("reason", sa.String(64)),
        sa.Column("detail", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_items_run_id_state", "items", ["run_id", "state"])
    op.create_index("ix_items_state", "items", ["state"])
    op.create_index("ix_items_cover_id", "items", ["cover_id"])


def _embeddings() -> None:
    op.create_table(
        "embeddings",
        sa.Column("model", sa.String(64), primary_key=True),
        sa.Column("cover_id", sa.String(64), sa.ForeignKey("covers.cover_id"), primary_key=True),
        sa.Column("shard", sa.Text(), nullable=False),
        sa.Column("embedded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("indexed_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_embeddings_model_shard", "embeddings", ["model", "shard"])
