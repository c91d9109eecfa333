"""Whose a collection is: homes that meet in one Milvus under one tenant's name stay apart.

A collection bears the id of the catalog that it is filled from. One without an owner, as early
versions made them, is everybody's until it serves anew: from then on it is whose it serves.
"""

from __future__ import annotations

from cratewatch.errors import SettingsError
from cratewatch.gallery import connection
from cratewatch.gallery.connection import Connection, is_missing
from cratewatch.gallery.milvus import MilvusException
from cratewatch.gallery.properties import OWNER


def as_owner(milvus: Connection) -> dict[str, str]:
    """Return the property by which a collection is ours."""
    return {OWNER: milvus.owner} if milvus.owner else {}


def is_ours(milvus: Connection, collection: str) -> bool:
    """Whether a collection is there and no other catalog's."""
    return not milvus.owner or _owner(milvus, collection) in ("", milvus.owner)


def require_ours(milvus: Connection, collection: str) -> None:
    """Look whether a collection may be filled, served or dropped; one that is gone may.

    Raises:
        SettingsError: if it is another catalog's.
    """
    if not milvus.owner:
        return
    owner = _owner(milvus, collection) or milvus.owner
    if owner != milvus.owner:
        make_room = (
            "delete that file, and index again"
            if milvus.is_lite
            else "drop its collections with Milvus's own tools"
        )
        raise SettingsError(
            f"gallery {milvus.uri}: {milvus.names.full(collection)} belongs to another catalog "
            f"({owner[:8]}, this one is {milvus.owner[:8]}); set gallery_tenant to a name that no "
            f"other home uses there, or, if that catalog is no more, {make_room}"
        )


def _owner(milvus: Connection, collection: str) -> str | None:
    """Return whose it is, "" if that is not said; None if it is gone."""
    name = milvus.names.full(collection)
    try:
        found = milvus.client.describe_collection(name, timeout=connection.CALL_TIMEOUT_S)
    except MilvusException as error:
        if is_missing(error):
            return None
        raise
    return str((found.get("properties") or {}).get(OWNER, ""))
