"""Masters, artists and labels of dumps."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add their table."""
    op.create_table(
        "entities",
        sa.Column("source", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("native_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("belongs_to", sa.Integer()),
        sa.Column("other_names", sa.JSON(), nullable=False),
        sa.Column("year", sa.Integer()),
    )
    op.create_index(
        "ix_entities_source_kind_belongs_to", "entities", ["source", "kind", "belongs_to"]
    )
