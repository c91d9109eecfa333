"""Items that crawls lease, the pace of hosts, and indices for a large ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add what several crawls share, and let the ledger's counts be read from indices alone."""
    op.add_column("items", sa.Column("owner", sa.String(32)))
    op.add_column("items", sa.Column("leased_until", sa.DateTime(timezone=True)))
    op.drop_index("ix_items_run_id_state", "items")
    op.drop_index("ix_items_state", "items")
    op.create_index("ix_items_run_id_state_kind", "items", ["run_id", "state", "kind"])
    told = ["state", "kind", "source", "reason"]
    op.create_index("ix_items_state_kind_source_reason", "items", told)
    op.create_table(
        "paces",
        sa.Column("host", sa.String(255), primary_key=True),
        sa.Column("next_s", sa.Float(), nullable=False),
    )
