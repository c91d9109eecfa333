"""Copies what a catalog knows of one source into another catalog, where a dry run works on it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from cratewatch.catalog.database import ROWS_AT_ONCE
from cratewatch.catalog.schema import CoverRow, OfferRow, ReleaseRow
from cratewatch.catalog.schema_of_runs import ItemRow
from cratewatch.catalog.table import Table


def copy_source(there: Session, source: str, here: Session) -> None:
    """Copy a source's releases with covers, offers and items into a catalog that has none."""
    of_source = select(ReleaseRow.release_id).where(ReleaseRow.source == source)
    shown = select(ReleaseRow.cover_id).where(ReleaseRow.source == source)
    parts: tuple[tuple[type[Table], Select[Any]], ...] = (  # what others refer to comes first
        (CoverRow, _rows_of(CoverRow).where(CoverRow.cover_id.in_(shown))),
        (ReleaseRow, _rows_of(ReleaseRow).where(ReleaseRow.source == source)),
        (OfferRow, _rows_of(OfferRow).where(OfferRow.release_id.in_(of_source))),
        (ItemRow, _rows_of(ItemRow).where(ItemRow.source == source)),
    )
    for table, query in parts:
        rows = there.execute(query.execution_options(yield_per=ROWS_AT_ONCE)).mappings()
        for part in rows.partitions():
            here.execute(insert(table), [dict(row) for row in part])


def _rows_of(table: type[Table]) -> Select[Any]:
    return select(*table.__table__.columns)
