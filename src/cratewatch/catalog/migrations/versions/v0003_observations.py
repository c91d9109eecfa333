"""Observed prices of every kind, instead of sales alone; no version ever wrote a sale."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add their table, and drop that of sales."""
    op.create_table(
        "observations",
        sa.Column("observation_id", sa.String(32), primary_key=True),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("native_id", sa.String(1024), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("release_id", sa.String(1024)),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("media_condition", sa.String(8)),
        sa.Column("sleeve_condition", sa.String(8)),
        sa.Column("condition", sa.Text()),
        sa.Column("price", sa.String(32), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("url", sa.Text()),
    )
    of_release = ["release_id", "observed_at"]
    op.create_index("ix_observations_release_id_observed_at", "observations", of_release)
    of_listing = ["source", "kind", "native_id"]
    op.create_index("ix_observations_source_kind_native_id", "observations", of_listing)
    op.drop_table("sales")
