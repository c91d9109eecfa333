"""Which covers a model has embedded, where the embeddings lie, and which are in the gallery."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from cratewatch.catalog.changed_facts import changed_since
from cratewatch.catalog.database import ROWS_AT_ONCE, Database, now
from cratewatch.catalog.item_states import UNREADABLE, settle_covers
from cratewatch.catalog.placeholders import PLACEHOLDER
from cratewatch.catalog.records import Cover
from cratewatch.catalog.schema import CoverRow, EmbeddingRow
from cratewatch.catalog.schema_of_runs import ItemRow
from cratewatch.catalog.statements import upsert
from cratewatch.chunks import chunks

PAGE_ROWS = 10_000
MAX_TRIES = 3
"""Runs that try to read a cover of the lake before it waits for its image to be stored anew."""
Standing = Literal["embedded", "waiting"]


@dataclass(frozen=True)
class EmbeddingCounts:
    """How far a model is with the covers.

    Attributes:
        embedded: Those that have an embedding.
        indexed: Of these, those that the model's collection holds.
        missing: Those that are to be embedded.
        given_up: Those that could not be read MAX_TRIES times.
    """

    embedded: int
    indexed: int
    missing: int
    given_up: int

    @property
    def lacking(self) -> int:
        """Covers without an embedding."""
        return self.missing + self.given_up


class EmbeddingBook:
    """A cover is embedded once its embedding is durable, indexed once the gallery holds it.

    What is indexed is said of one collection of the model: that which Collections.live() names.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    def missing(self, model: str) -> Iterator[Cover]:
        """Yield the covers that the model is to embed, by cover_id, read in pages.

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

    def counts(self, model: str) -> EmbeddingCounts:
        """Return how far the model is with the covers."""
        rows = select(func.count()).select_from(EmbeddingRow)
        covers = select(func.count()).select_from(CoverRow)
        queries = (
            rows.where(EmbeddingRow.model == model),
            rows.where(*_indexed(model)),
            covers.where(_to_embed(model)),
            covers.where(_not_embedded(model)),
        )
        with self._db.transaction() as session:
            embedded, indexed, missing, lacking = (session.scalar(q) or 0 for q in queries)
        return EmbeddingCounts(embedded, indexed, missing, lacking - missing)

    def models(self) -> list[str]:
        """Return the models that covers were indexed for, sorted."""
        query = select(EmbeddingRow.model).where(EmbeddingRow.indexed_at.is_not(None))
        with self._db.transaction() as session:
            return sorted(set(session.scalars(query.distinct())))

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

    def shards(self, model: str, *, unindexed: bool = False) -> list[str]:
        """Return the shards of a model's embeddings, sorted; or those not all in the gallery."""
        query = select(EmbeddingRow.shard).where(EmbeddingRow.model == model).distinct()
        if unindexed:
            query = query.where(EmbeddingRow.indexed_at.is_(None))
        with self._db.transaction() as session:
            return sorted(session.scalars(query))

    def in_shard(self, model: str, shard: str) -> dict[str, str]:
        """Return the artwork id of each cover whose embedding is a shard's, by cover_id."""
        query = (
            select(CoverRow.cover_id, CoverRow.artwork_id)
            .join(EmbeddingRow, EmbeddingRow.cover_id == CoverRow.cover_id)
            .where(EmbeddingRow.model == model, EmbeddingRow.shard == shard)
        )
        with self._db.transaction() as session:
            return {row.cover_id: row.artwork_id for row in session.execute(query)}

    def changed(self, since: datetime | None) -> Iterator[dict[str, str]]:
        """Yield, in pages, the artwork id of each cover whose facts may have changed since.

        Args:
            since: None for all covers.
        """
        query = select(CoverRow.cover_id, CoverRow.artwork_id).order_by(CoverRow.cover_id)
        if since is not None:
            query = query.where(changed_since(since))
        last = ""
        while True:
            with self._db.transaction() as session:
                rows = session.execute(query.where(CoverRow.cover_id > last).limit(PAGE_ROWS))
                page = {row.cover_id: row.artwork_id for row in rows}
            if not page:
                return
            yield page
            last = max(page)

    def standing(self, model: str, cover_ids: Sequence[str]) -> dict[str, Standing]:
        """Return how each of some covers stands; those that are neither are left out."""
        waiting = self._among(cover_ids, CoverRow.cover_id, _to_embed(model))
        embedded = self._among(cover_ids, EmbeddingRow.cover_id, EmbeddingRow.model == model)
        found: dict[str, Standing] = dict.fromkeys(waiting, "waiting")
        return found | dict.fromkeys(embedded, "embedded")

    def _among(
        self,
        cover_ids: Sequence[str],
        column: InstrumentedAttribute[str],
        condition: ColumnElement[bool],
    ) -> set[str]:
        """Return those of some covers that a column has where a condition holds."""
        query = select(column).where(condition)
        with self._db.transaction() as session:
            return {
                cover_id
                for part in chunks(cover_ids, ROWS_AT_ONCE)
                for cover_id in session.scalars(query.where(column.in_(part)))
            }

    def adopt(self, model: str, cover_ids: Sequence[str], shard: str) -> None:
        """Record a shard that is in the lake and whose writer could not record it any more.

        One with covers that this catalog does not know is another catalog's, and is left alone.
        """
        known = self._among(cover_ids, CoverRow.cover_id, CoverRow.cover_id.is_not(None))
        if len(known) == len(cover_ids):
            new = self._among(cover_ids, CoverRow.cover_id, _not_embedded(model))
            self.mark_embedded(model, sorted(new), shard)

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
        new = update(EmbeddingRow).where(
            EmbeddingRow.model == model, EmbeddingRow.indexed_at.is_(None)
        )
        with self._db.transaction() as session:
            for part in chunks(shards, ROWS_AT_ONCE):
                session.execute(new.where(EmbeddingRow.shard.in_(part)).values(indexed_at=now()))
            settle_covers(session, model)

    def forget_shard(self, model: str, shard: str) -> None:
        """Forget a shard that is lost: its covers are to be embedded again."""
        lost = delete(EmbeddingRow).where(EmbeddingRow.model == model, EmbeddingRow.shard == shard)
        with self._db.transaction() as session:
            session.execute(lost)

    def forget_indexed(self, model: str) -> None:
        """Forget what the gallery holds: it is to be seen anew; embeddings stay."""
        of_model = update(EmbeddingRow).where(EmbeddingRow.model == model)
        with self._db.transaction() as session:
            session.execute(of_model.values(indexed_at=None))

    def try_again(self) -> None:
        """Read covers again that could not be read MAX_TRIES times."""
        with self._db.transaction() as session:
            session.execute(
                update(ItemRow)
                .where(_UNREADABLE)
                .values(attempts=0)
                .execution_options(synchronize_session=False)
            )

    def placeholders(self, model: str) -> list[str]:
        """Return the covers that the model has embedded and that turned out as placeholders."""
        query = (
            select(EmbeddingRow.cover_id)
            .join(CoverRow, CoverRow.cover_id == EmbeddingRow.cover_id)
            .where(EmbeddingRow.model == model, CoverRow.artwork_id == PLACEHOLDER)
        )
        with self._db.transaction() as session:
            return sorted(session.scalars(query))

    def forget(self, model: str, cover_ids: Sequence[str]) -> None:
        """Forget the embeddings of covers that the gallery does not hold any more."""
        of_model = delete(EmbeddingRow).where(EmbeddingRow.model == model)
        with self._db.transaction() as session:
            for batch in chunks(cover_ids, ROWS_AT_ONCE):
                session.execute(of_model.where(EmbeddingRow.cover_id.in_(batch)))


_UNREADABLE = (
    (ItemRow.kind == "cover") & (ItemRow.state == "failed") & (ItemRow.reason == UNREADABLE)
)


def _to_embed(model: str) -> ColumnElement[bool]:
    of_cover = ItemRow.cover_id == CoverRow.cover_id
    given_up = exists().where(of_cover, _UNREADABLE, ItemRow.attempts >= MAX_TRIES)
    stored_anew = exists().where(of_cover, ItemRow.state == "stored")
    return _not_embedded(model) & (~given_up | stored_anew)


def _not_embedded(model: str) -> ColumnElement[bool]:
    embedded = exists().where(
        EmbeddingRow.model == model, EmbeddingRow.cover_id == CoverRow.cover_id
    )
    return ~embedded & (CoverRow.artwork_id != PLACEHOLDER)


def _indexed(model: str) -> tuple[ColumnElement[bool], ...]:
    return EmbeddingRow.model == model, EmbeddingRow.indexed_at.is_not(None)
