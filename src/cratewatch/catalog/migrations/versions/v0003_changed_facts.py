"""When what filters go by may have changed, so that a night reads only the rows of those covers."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("covers", sa.Column("facts_changed_at", sa.DateTime(timezone=True)))
    op.create_index("ix_covers_facts_changed_at", "covers", ["facts_changed_at"])
