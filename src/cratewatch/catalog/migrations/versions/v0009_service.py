"""Keys and sessions of the service, and the words of releases for its search."""

import sqlalchemy as sa
from alembic import op

from cratewatch.catalog.words import index_words

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add their tables; index the words of the releases that are there."""
    op.create_table(
        "keys",
        sa.Column("key_id", sa.String(16), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("rate_per_min", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
    )
    for statement in index_words(op.get_bind().dialect.name):
        op.execute(sa.text(statement))
