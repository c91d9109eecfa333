"""The ledger: a state for every item, and embeddings that outlive their load."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _items()
    _embeddings()
    op.drop_table("meta")  # Alembic keeps the version from here on


def _items() -> None:
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
    op.execute(
        "INSERT INTO items (source, kind, key, run_id, state, reason, detail, attempts, updated_at)"
        " SELECT source, kind, key, run_id, 'failed', reason, detail, attempts, failed_at"
        " FROM failures"
    )
    op.drop_table("failures")


def _embeddings() -> None:
    op.create_table(
        "embeddings",
        sa.Column("model", sa.String(64), primary_key=True),
        sa.Column("cover_id", sa.String(64), sa.ForeignKey("covers.cover_id"), primary_key=True),
        sa.Column("shard", sa.Text()),
        sa.Column("embedded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("indexed_at", sa.DateTime(timezone=True)),
    )
    op.execute(
        "INSERT INTO embeddings (model, cover_id, embedded_at, indexed_at)"
        " SELECT model, cover_id, indexed_at, indexed_at FROM indexed_covers"
    )
    op.drop_table("indexed_covers")
