"""When what filters go by may have changed, so that a night reads only the rows of those covers.

An index finds the embeddings of a shard.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    changed_at = sa.Column("facts_changed_at", sa.DateTime(timezone=True))
    op.add_column("covers", changed_at)
    # What changed before is not known: all of it may have.
    covers = sa.table("covers", sa.column("facts_changed_at", sa.DateTime(timezone=True)))
    op.execute(sa.update(covers).values(facts_changed_at=datetime.now(UTC)))
    op.create_index("ix_covers_facts_changed_at", "covers", ["facts_changed_at"])
    op.create_index("ix_embeddings_model_shard", "embeddings", ["model", "shard"])
