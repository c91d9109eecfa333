"""What stands behind items that failed: the release and the cover that are known of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, select

from cratewatch.catalog.database import ROWS_AT_ONCE, Database
from cratewatch.catalog.schema import ReleaseRow
from cratewatch.chunks import chunks

ItemId = tuple[str, str, str]
"""Source, kind and key."""
_BY = {
    "page": ReleaseRow.page_url,
    "cover": ReleaseRow.image_url,
    "check": ReleaseRow.image_url,
    "price": ReleaseRow.release_id,
}
"""By what the release of an item of some kind is found."""


@dataclass(frozen=True)
class Behind:
    """What the catalog holds of an item that failed, from before or in spite of it.

    Attributes:
        cover_id: Its cover; None if it has none.
    """

    release_id: str
    artist: str | None
    title: str
    cover_id: str | None


class Failing:
    """Finds what failed items are of."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def behind(self, items: Iterable[ItemId]) -> dict[ItemId, Behind]:
        """Return the release of each item that has one: of an image that several show, the first.

        The releases of the items' own sources alone are looked through.
        """
        keys: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for source, kind, key in items:
            if kind in _BY:
                keys[source, kind].append(key)
        found: dict[ItemId, Behind] = {}
        with self._db.transaction() as session:
            for (source, kind), wanted in keys.items():
                for part in chunks(dict.fromkeys(wanted), ROWS_AT_ONCE):
                    rows = session.execute(_releases(source, kind, part))
                    found |= _first(source, kind, rows)
        return found


def _releases(source: str, kind: str, keys: Sequence[str]) -> Select[Any]:
    by = _BY[kind]
    told = (by, ReleaseRow.release_id, ReleaseRow.artist, ReleaseRow.title, ReleaseRow.cover_id)
    query = select(*told).where(ReleaseRow.source == source, by.in_(keys))
    return query.order_by(ReleaseRow.cover_id.is_(None), ReleaseRow.release_id)


def _first(source: str, kind: str, rows: Iterable[Row[Any]]) -> dict[ItemId, Behind]:
    found: dict[ItemId, Behind] = {}
    for key, *told in rows:
        found.setdefault((source, kind, key), Behind(*told))
    return found
