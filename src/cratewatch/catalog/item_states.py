"""How the states of items are written, in the transaction of what they tell of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from cratewatch.catalog.database import ROWS_AT_ONCE, now
from cratewatch.catalog.records import Item, item_key
from cratewatch.catalog.schema import EmbeddingRow
from cratewatch.catalog.schema_of_runs import ItemRow
from cratewatch.catalog.statements import upsert
from cratewatch.chunks import chunks

DONE = ("fetched", "stored", "embedded", "indexed")
UNREADABLE = "unreadable_in_lake"


def save(session: Session, run_id: str, items: Sequence[Item]) -> None:
    """Write the states of items, each item once; failures are counted up, others reset that."""
    latest = {(item.source, item.kind, item_key(item.key)): item for item in items}
    for failed in (False, True):
        rows = [row_of(run_id, i) for i in latest.values() if (i.state == "failed") == failed]
        attempts: Any = ItemRow.attempts + 1 if failed else 0
        upsert(session, ItemRow, rows, changes={"attempts": attempts})


def advance_pages(session: Session, source: str, keys: Sequence[str], state: str) -> None:
    """Move pages on to a state, whichever run worked on them."""
    for part in chunks(keys, ROWS_AT_ONCE):
        session.execute(
            update(ItemRow)
            .where(
                ItemRow.source == source,
                ItemRow.kind == "page",
                ItemRow.key.in_([item_key(key) for key in part]),
            )
            .values(state=state, reason=None, detail=None, attempts=0, updated_at=now())
        )


def settle_covers(session: Session, model: str) -> None:
    """Bring the states of images in line with what is known of their covers' embeddings."""
    of_model = select(EmbeddingRow.cover_id).where(EmbeddingRow.model == model)
    indexed = of_model.where(EmbeddingRow.indexed_at.is_not(None))
    for state, cover_ids, before in (
        ("embedded", of_model, ("stored",)),
        ("indexed", indexed, ("stored", "embedded")),
    ):
        unreadable = (ItemRow.state == "failed") & (ItemRow.reason == UNREADABLE)
        session.execute(
            update(ItemRow)
            .where(ItemRow.kind == "cover", ItemRow.cover_id.in_(cover_ids))
            .where(or_(ItemRow.state.in_(before), unreadable))
            .values(state=state, reason=None, detail=None, attempts=0, updated_at=now())
            .execution_options(synchronize_session=False)
        )


def row_of(run_id: str, item: Item) -> dict[str, Any]:
    """Return what is written of an item; nobody leases it any more."""
    return {
        "source": item.source,
        "kind": item.kind,
        "key": item_key(item.key),
        "run_id": run_id,
        "state": item.state,
        "cover_id": item.cover_id,
        "reason": item.reason,
        "detail": item.detail,
        "attempts": int(item.state == "failed"),
        "updated_at": now(),
        "owner": None,
        "leased_until": None,
    }
