"""Which releases of several sources are one pressing."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the tables of links, and of what sources themselves say of it."""
    op.create_table(
        "links",
        sa.Column("release_id", sa.String(1024), primary_key=True),
        sa.Column("other_id", sa.String(1024), primary_key=True),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_links_other_id", "links", ["other_id"])
    op.create_table(
        "relations",
        sa.Column("release_id", sa.String(1024), primary_key=True),
        sa.Column("page", sa.String(64), primary_key=True),
    )
