"""What was handled on footage, and which exports were made."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

KEPT = "rows of audit stay as they are"


def upgrade() -> None:
    """Add their tables."""
    op.create_table(
        "handlings",
        sa.Column("footage_run", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("camera", sa.String(128), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("person", sa.Integer(), nullable=False),
        sa.Column("cover_id", sa.String(64)),
        sa.Column("artwork_id", sa.String(64)),
        sa.Column("release_ids", sa.JSON(), nullable=False),
        sa.Column("probability", sa.Float()),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("crop_key", sa.Text()),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
    )
    of_artwork = ["artwork_id", "started_at"]
    op.create_index("ix_handlings_artwork_id_started_at", "handlings", of_artwork)
    op.create_index("ix_handlings_started_at", "handlings", ["started_at"])
    op.create_index("ix_handlings_expires_at", "handlings", ["expires_at"])
    op.create_table(
        "audit",
        sa.Column("audit_id", sa.Integer(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    _keep_rows(op.get_bind().dialect.name)


def _keep_rows(dialect: str) -> None:
    """Have the database itself refuse to change or delete a row of audit."""
    if dialect == "sqlite":
        for event in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER audit_no_{event} BEFORE {event} ON audit "
                f"BEGIN SELECT RAISE(ABORT, '{KEPT}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{KEPT}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_stays()"
    )
