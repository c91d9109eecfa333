"""Which covers a model has embedded, where the embeddings lie, and which are in the gallery."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from cratewatch.catalog.changed_facts import changed_since
from cratewatch.catalog.database import ROWS_AT_ONCE, Database, now, upsert
from cratewatch.catalog.items import UNREADABLE, settle_covers
from cratewatch.catalog.records import Cover
from cratewatch.catalog.schema import CoverRow, EmbeddingRow, ItemRow

PAGE_ROWS = 10_000
MAX_TRIES = 3
"""Runs that try to read a cover of the lake before it waits for its image to be stored anew."""


class EmbeddingBook:
    """A cover is embedded once its embedding is durable, indexed once the gallery holds it."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def missing(self, model: str) -> list[Cover]:
        """Return the covers that the model has not embedded yet, by cover_id."""
        return list(self.each_missing(model))

    def each_missing(self, model: str) -> Iterator[Cover]:
        """Yield the covers that the model has not embedded yet, by cover_id, read in pages.

        Those that could not be read MAX_TRIES times are left out. What is recorded meanwhile
        changes nothing for those that are still to come.
        """
        last = ""
        while page := self._missing_page(model, last):
            yield from page
            last = page[-1].cover_id

    def _missing_page(self, model: str, after: str) -> list[Cover]:
        query = select(CoverRow).where(_to_embed(model), CoverRow.cover_id > after)
        with self._db.transaction() as session:
            rows = session.scalars(query.order_by(CoverRow.cover_id).limit(PAGE_ROWS))
            return [row.to_cover() for row in rows]

    def count_missing(self, model: str) -> int:
        """Return how many covers each_missing() yields."""
        return self._count_covers(_to_embed(model))

    def count_lacking(self, model: str) -> int:
        """Return how many covers have no embedding, also of those that are not tried any more."""
        return self._count_covers(_not_embedded(model))

    def _count_covers(self, condition: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(CoverRow).where(condition)
        with self._db.transaction() as session:
            return session.scalar(query) or 0

    def adopt_shard(self, model: str, cover_ids: Sequence[str], shard: str) -> int:
        """Record a shard that is in the lake and whose writer could not record it any more.

        One with covers that this catalog does not know is another catalog's, and is left alone.

        Returns:
            How many of its covers were not embedded yet.
        """
        parts = [
            CoverRow.cover_id.in_(cover_ids[start : start + ROWS_AT_ONCE])
            for start in range(0, len(cover_ids), ROWS_AT_ONCE)
        ]
        count = select(func.count()).select_from(CoverRow)
        query = select(CoverRow.cover_id).where(_not_embedded(model))
        with self._db.transaction() as session:
            known = sum(session.scalar(count.where(part)) or 0 for part in parts)
            new = [cover_id for part in parts for cover_id in session.scalars(query.where(part))]
        if known < len(cover_ids) or not new:
            return 0
        self.mark_embedded(model, new, shard)
        return len(new)

    def indexed(self, model: str) -> list[Cover]:
        """Return the covers that the model's collection holds, by cover_id."""
        query = (
            select(CoverRow)
            .join(EmbeddingRow, EmbeddingRow.cover_id == CoverRow.cover_id)
            .where(*_indexed(model))
            .order_by(CoverRow.cover_id)
        )
        with self._db.transaction() as session:
            return [row.to_cover() for row in session.scalars(query)]

    def shards_to_index(self, model: str) -> list[str]:
        """Return the shards of embeddings that are not all in the gallery, sorted."""
        query = (
            select(EmbeddingRow.shard)
            .where(EmbeddingRow.model == model, EmbeddingRow.indexed_at.is_(None))
            .distinct()
            .order_by(EmbeddingRow.shard)
        )
        with self._db.transaction() as session:
            return [shard for shard in session.scalars(query) if shard]

    def shards(self, model: str, changed: datetime | None = None) -> list[str]:
        """Return the shards of all embeddings of a model, sorted.

        Args:
            changed: Only shards with covers whose facts may have changed since.
        """
        query = select(EmbeddingRow.shard).where(EmbeddingRow.model == model).distinct()
        if changed is not None:
            query = query.join(CoverRow, CoverRow.cover_id == EmbeddingRow.cover_id)
            query = query.where(changed_since(changed))
        with self._db.transaction() as session:
            return sorted(shard for shard in session.scalars(query) if shard)

    def in_shard(self, model: str, shard: str, changed: datetime | None = None) -> dict[str, str]:
        """Return the artwork id of each cover whose embedding is a shard's, by cover_id.

        Args:
            changed: Only covers whose facts may have changed since.
        """
        query = (
            select(CoverRow.cover_id, CoverRow.artwork_id)
            .join(EmbeddingRow, EmbeddingRow.cover_id == CoverRow.cover_id)
            .where(EmbeddingRow.model == model, EmbeddingRow.shard == shard)
        )
        if changed is not None:
            query = query.where(changed_since(changed))
        with self._db.transaction() as session:
            return {row.cover_id: row.artwork_id for row in session.execute(query)}

    def waiting(self, model: str, cover_ids: Sequence[str]) -> set[str]:
        """Return those of some covers that each_missing() yields."""
        return self._among(cover_ids, CoverRow.cover_id, _to_embed(model))

    def known(self, model: str, cover_ids: Sequence[str]) -> set[str]:
        """Return those of the covers that the model has embedded."""
        return self._among(cover_ids, EmbeddingRow.cover_id, EmbeddingRow.model == model)

    def _among(
        self,
        cover_ids: Sequence[str],
        column: InstrumentedAttribute[str],
        condition: ColumnElement[bool],
    ) -> set[str]:
        """Return those of some covers that a column has where a condition holds."""
        query = select(column).where(condition)
        found: set[str] = set()
        with self._db.transaction() as session:
            for start in range(0, len(cover_ids), ROWS_AT_ONCE):
                part = column.in_(cover_ids[start : start + ROWS_AT_ONCE])
                found |= set(session.scalars(query.where(part)))
        return found

    def mark_embedded(self, model: str, cover_ids: Sequence[str], shard: str) -> None:
        """Record a shard, which is written, of embeddings that the gallery does not hold yet."""
        rows = [
            {
                "model": model,
                "cover_id": cover_id,
                "shard": shard,
                "embedded_at": now(),
                "indexed_at": None,
            }
            for cover_id in cover_ids
        ]
        with self._db.transaction() as session:
            upsert(session, EmbeddingRow, rows)

    def mark_indexed(self, model: str, shards: Collection[str]) -> None:
        """Record shards whose embeddings the gallery was seen to hold."""
        of_model = update(EmbeddingRow).where(EmbeddingRow.model == model)
        with self._db.transaction() as session:
            for shard in shards:
                session.execute(
                    of_model.where(EmbeddingRow.shard == shard).values(indexed_at=now())
                )
            settle_covers(session, model)

    def mark_restored(self, model: str, cover_ids: Sequence[str], at: datetime) -> None:
        """Record covers of which the gallery holds what was embedded before a time."""
        held = update(EmbeddingRow).where(
            EmbeddingRow.model == model, EmbeddingRow.embedded_at < at
        )
        with self._db.transaction() as session:
            for start in range(0, len(cover_ids), ROWS_AT_ONCE):
                part = EmbeddingRow.cover_id.in_(cover_ids[start : start + ROWS_AT_ONCE])
                session.execute(held.where(part).values(indexed_at=now()))
            settle_covers(session, model)

    def mark_all_indexed(self, model: str) -> None:
        """Record that the gallery was seen to hold every embedding of a model."""
        query = update(EmbeddingRow).where(EmbeddingRow.model == model)
        with self._db.transaction() as session:
            session.execute(query.values(indexed_at=now()))
            settle_covers(session, model)

    def count(self, model: str) -> int:
        """Return how many covers the model has embedded."""
        return self._count(EmbeddingRow.model == model)

    def count_indexed(self, model: str) -> int:
        return self._count(*_indexed(model))

    def _count(self, *conditions: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(EmbeddingRow).where(*conditions)
        with self._db.transaction() as session:
            return session.scalar(query) or 0

    def models(self) -> list[str]:
        """Return the models that covers were indexed for, sorted."""
        query = select(EmbeddingRow.model).where(EmbeddingRow.indexed_at.is_not(None))
        with self._db.transaction() as session:
            return sorted(set(session.scalars(query.distinct())))

    def try_again(self) -> None:
        """Read covers again that could not be read MAX_TRIES times."""
        with self._db.transaction() as session:
            session.execute(
                update(ItemRow)
                .where(_UNREADABLE)
                .values(attempts=0)
                .execution_options(synchronize_session=False)
            )

    def forget_without_shard(self, model: str) -> None:
        """Forget embeddings, of an earlier version, that the lake does not have."""
        of_model = EmbeddingRow.model == model
        with self._db.transaction() as session:
            session.execute(delete(EmbeddingRow).where(of_model, EmbeddingRow.shard.is_(None)))

    def forget_shard(self, model: str, shard: str) -> None:
        """Forget a shard that is lost."""
        lost = delete(EmbeddingRow).where(EmbeddingRow.model == model, EmbeddingRow.shard == shard)
        with self._db.transaction() as session:
            session.execute(lost)

    def forget_indexed(self, model: str) -> None:
        """Forget what the gallery holds, because it is filled anew; embeddings stay.

        Those without a shard, of an earlier version, are forgotten whole.
        """
        of_model = EmbeddingRow.model == model
        with self._db.transaction() as session:
            session.execute(delete(EmbeddingRow).where(of_model, EmbeddingRow.shard.is_(None)))
            session.execute(update(EmbeddingRow).where(of_model).values(indexed_at=None))


_UNREADABLE = (
    (ItemRow.kind == "cover") & (ItemRow.state == "failed") & (ItemRow.reason == UNREADABLE)
)


def _to_embed(model: str) -> ColumnElement[bool]:
    of_cover = ItemRow.cover_id == CoverRow.cover_id
    given_up = exists().where(of_cover, _UNREADABLE, ItemRow.attempts >= MAX_TRIES)
    stored_anew = exists().where(of_cover, ItemRow.state == "stored")
    return _not_embedded(model) & (~given_up | stored_anew)


def _not_embedded(model: str) -> ColumnElement[bool]:
    return ~exists().where(EmbeddingRow.model == model, EmbeddingRow.cover_id == CoverRow.cover_id)


def _indexed(model: str) -> tuple[ColumnElement[bool], ...]:
    return EmbeddingRow.model == model, EmbeddingRow.indexed_at.is_not(None)
