"""Brings the catalog's tables to the newest revision, by Alembic."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from cratewatch.catalog.table import SCHEMA_REVISION
from cratewatch.errors import CratewatchError

SCRIPTS = "cratewatch.catalog:migrations"


def upgrade(connection: Connection, revision: str | None) -> None:
    """Bring tables of a revision (None: there are none) to the newest one.

    Raises:
        CratewatchError: if this version of cratewatch does not know the revision.
    """
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", SCRIPTS)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise CratewatchError(
            f"catalog: a newer cratewatch wrote it (schema {revision}, this one knows up to "
            f"{SCHEMA_REVISION}); update cratewatch on this machine"
        )
    command.upgrade(config, "head")
