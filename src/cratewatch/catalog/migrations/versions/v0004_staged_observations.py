"""What runs see of prices, until it is published."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add their table."""
    op.create_table(
        "staged_observations",
        sa.Column("run_id", sa.String(192), primary_key=True),
        sa.Column("observation_id", sa.String(32), primary_key=True),
        sa.Column("data", sa.Text(), nullable=False),
    )
