"""Looks for releases and covers by what people know of them, and tells all that is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, select
from sqlalchemy.orm import Session, aliased

from cratewatch.catalog.database import ROWS_AT_ONCE, Database
from cratewatch.catalog.facts import EVERYTHING, Wanted, admits
from cratewatch.catalog.placeholders import PLACEHOLDER
from cratewatch.catalog.plain import plain, plain_column
from cratewatch.catalog.records import ListedRelease, item_key
from cratewatch.catalog.schema import CoverRow, EmbeddingRow, OfferRow, ReleaseRow
from cratewatch.catalog.schema_of_runs import ItemRow

SEARCHED = ("artist", "title", "label", "catno", "barcode")
MOST_NEAR = 5


@dataclass(frozen=True)
class Query:
    """What is looked for; words count without capitals and accents.

    Attributes:
        text: Words, each in artist, title, label, catno or barcode.
        artist: Words of the artist's name; label likewise.
    """

    text: str = ""
    artist: str = ""
    label: str = ""
    wanted: Wanted = EVERYTHING


class Browse:
    """Reads the catalog for people."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def releases(self, query: Query, limit: int | None = None) -> Iterator[ListedRelease]:
        """Yield what is found by artist and title, as it is read."""
        with self._db.transaction() as session:
            rows = session.execute(_found(session, query).execution_options(yield_per=ROWS_AT_ONCE))
            found = (row.to_listed(offer) for row, offer in rows)
            yield from islice((r for r in found if admits(query.wanted, r)), limit)

    def release(self, release_id: str) -> dict[str, Any] | None:
        """Return all that is known of a release, or None if there is none of that id."""
        with self._db.transaction() as session:
            row = session.get(ReleaseRow, release_id)
            if row is None:
                return None
            return _all_of_release(session, row)

    def cover(self, cover_id: str) -> dict[str, Any] | None:
        """Return all that is known of a cover, or None if there is none of that id."""
        with self._db.transaction() as session:
            row = session.get(CoverRow, cover_id)
            if row is None:
                return None
            return _all_of_cover(session, row)

    def cover_ids(self, prefix: str) -> list[str]:
        """Return the ids of covers that begin so, some of them."""
        begins = CoverRow.cover_id.startswith(prefix, autoescape=True)
        query = select(CoverRow.cover_id).where(begins).order_by(CoverRow.cover_id)
        with self._db.transaction() as session:
            return list(session.scalars(query.limit(MOST_NEAR)))

    def near(self, text: str) -> list[str]:
        """Return ids of releases that hold a text, or else its last word's beginning."""
        last = text.rpartition(":")[2] or text
        with self._db.transaction() as session:
            for part in (text, last, last[: max(3, len(last) // 2)]):
                has = func.lower(ReleaseRow.release_id).contains(part.lower(), autoescape=True)
                query = select(ReleaseRow.release_id).where(has)
                shortest = func.length(ReleaseRow.release_id), ReleaseRow.release_id
                if found := session.scalars(query.order_by(*shortest).limit(MOST_NEAR)).all():
                    return list(found)
        return []


def is_latest_offer() -> ColumnElement[bool]:
    """Whether an offer is its release's latest one: what to join offers to releases on."""
    any_offer = aliased(OfferRow)
    latest = (
        select(func.max(any_offer.seen_at))
        .where(any_offer.release_id == ReleaseRow.release_id)
        .scalar_subquery()
    )
    return and_(OfferRow.release_id == ReleaseRow.release_id, OfferRow.seen_at == latest)


def _found(session: Session, query: Query) -> Select[Any]:
    conditions = [
        *_words_in(session, query.text, SEARCHED),
        *_words_in(session, query.artist, ("artist",)),
        *_words_in(session, query.label, ("label",)),
    ]
    return listed(query.wanted).where(*conditions).order_by(*by_name())


def listed(wanted: Wanted) -> Select[Any]:
    """Return releases with their latest offers; what a word is in a list, admits() knows."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.source:
        conditions.append(ReleaseRow.source == wanted.source)
    if wanted.years:
        conditions.append(ReleaseRow.year.between(*wanted.years))
    if not wanted.withdrawn:
        conditions.append(ReleaseRow.withdrawn_at.is_(None))
    if wanted.in_stock:
        conditions += [OfferRow.in_stock.is_(True), ReleaseRow.withdrawn_at.is_(None)]
    for column, word in ((ReleaseRow.format, wanted.format), (ReleaseRow.genres, wanted.genre)):
        if word and word.isascii():  # JSON and lower() of SQLite have others in another way
            conditions.append(func.lower(cast(column, Text)).contains(word, autoescape=True))
    return select(ReleaseRow, OfferRow).outerjoin(OfferRow, is_latest_offer()).where(*conditions)


def by_name() -> tuple[Any, ...]:
    """Return what releases are ordered by for people."""
    return func.coalesce(ReleaseRow.artist, ""), ReleaseRow.title, ReleaseRow.release_id


def _words_in(session: Session, text: str, names: Sequence[str]) -> Iterator[ColumnElement[bool]]:
    hay: Any = ""
    for name in names:
        hay = hay + func.coalesce(getattr(ReleaseRow, name), "") + " "
    for word in plain(text).split():
        yield plain_column(session, hay).contains(word, autoescape=True)


def _all_of_release(session: Session, row: ReleaseRow) -> dict[str, Any]:
    offers = _offers(session, row.release_id)
    listed = asdict(row.to_listed(offers[-1] if offers else None))
    cover = session.get(CoverRow, row.cover_id) if row.cover_id else None
    others = _of_artwork(session, cover) if cover else []
    keys = [item_key(key) for key in (row.page_url or row.release_id, row.image_url) if key]
    return {
        "release": listed | {"image_url": row.image_url, "missing_since": row.missing_since},
        "offers": [_columns(offer, "release_id") for offer in offers],
        "cover": _cover(cover) if cover else None,
        "same_artwork": [other for other in others if other["release_id"] != row.release_id],
        "items": _items(session, (ItemRow.source == row.source) & ItemRow.key.in_(keys)),
    }


def _all_of_cover(session: Session, row: CoverRow) -> dict[str, Any]:
    of_cover = select(EmbeddingRow).where(EmbeddingRow.cover_id == row.cover_id)
    embeddings = session.scalars(of_cover.order_by(EmbeddingRow.model))
    return {
        "cover": _cover(row),
        "releases": _of_artwork(session, row),
        "embeddings": [_columns(embedding, "cover_id") for embedding in embeddings],
        "items": _items(session, ItemRow.cover_id == row.cover_id),
    }


def _offers(session: Session, release_id: str) -> list[OfferRow]:
    query = select(OfferRow).where(OfferRow.release_id == release_id).order_by(OfferRow.seen_at)
    return list(session.scalars(query))


def _of_artwork(session: Session, cover: CoverRow) -> list[dict[str, Any]]:
    """Return the releases that show a cover, or another scan of it."""
    same = CoverRow.artwork_id == cover.artwork_id
    if cover.artwork_id == PLACEHOLDER:  # such pictures have nothing else in common
        same = CoverRow.cover_id == cover.cover_id
    query = (
        select(ReleaseRow, OfferRow)
        .outerjoin(OfferRow, is_latest_offer())
        .join(CoverRow, CoverRow.cover_id == ReleaseRow.cover_id)
        .where(same)
        .order_by(ReleaseRow.release_id)
    )
    return [asdict(row.to_listed(offer)) for row, offer in session.execute(query)]


def _items(session: Session, which: ColumnElement[bool]) -> list[dict[str, Any]]:
    rows = session.scalars(select(ItemRow).where(which).order_by(ItemRow.kind, ItemRow.key))
    return [_columns(row, "cover_id", "owner", "leased_until") for row in rows]


def _cover(row: CoverRow) -> dict[str, Any]:
    return _columns(row, "facts_changed_at")


def _columns(row: Any, *but: str) -> dict[str, Any]:
    names = [column.key for column in row.__table__.columns if column.key not in but]
    return {name: getattr(row, name) for name in names}
