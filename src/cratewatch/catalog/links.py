"""Who is who: links between releases of several sources that are one pressing.

A link is found (matching.py) or refused by a person; what was refused stays so. Links are
transitive: releases that are linked by way of others are one pressing, too. Two of one source never
are, nor two that were refused: the least certain of the links between them gives way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from cratewatch.catalog.database import ROWS_AT_ONCE, Database, now
from cratewatch.catalog.matching import Matches, Pair, match, pair_of
from cratewatch.catalog.pressings import Pressing
from cratewatch.catalog.schema import LinkRow, RelationRow, ReleaseRow
from cratewatch.catalog.statements import insert_rows, upsert
from cratewatch.chunks import chunks
from cratewatch.errors import NotFoundError

PAGE = 2000
BY_HAND = "by_hand"  # of a row that is there only because somebody refused the pair


@dataclass(frozen=True)
class Link:
    """Two releases that are one pressing, or that somebody said are two.

    Attributes:
        reason: relation (a source says so), barcode_and_catno, barcode or catno; by_hand of a pair
            that nothing but a refusal is known of.
        confidence: 0 to 1.
        refused_at: When somebody said that they are two, or None.
    """

    release_id: str
    other_id: str
    reason: str
    confidence: float
    linked_at: datetime
    refused_at: datetime | None

    @property
    def pair(self) -> Pair:
        """Its releases."""
        return self.release_id, self.other_id


@dataclass(frozen=True)
class Linking:
    """What comparing all releases found.

    Attributes:
        links: Pairs that are linked now, those that were refused left out.
        new: How many of them were not before.
        gone: Links that no longer hold, as what sources say has changed.
        ambiguous: Pairs of which a release may be another one of the same source as well.
        unsure: Pairs with too little to go by.
    """

    links: int
    new: int
    gone: int
    ambiguous: int
    unsure: int


class Links:
    """The links' transactions."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def find(self) -> Linking:
        """Compare the listed releases of all sources and bring the links up to date."""
        found = match(self._pressings) if self._n_sources() > 1 else Matches()
        with self._db.transaction() as session:
            known = {_pair(row): row for row in session.scalars(select(LinkRow))}
            refused = {pair for pair, row in known.items() if row.refused_at is not None}
            gone = known.keys() - found.sure.keys() - refused
            for pair in gone:
                session.delete(known[pair])
            session.flush()
            _write(session, found)
        return Linking(
            links=len(found.sure.keys() - refused),
            new=len(found.sure.keys() - known.keys()),
            gone=len(gone),
            ambiguous=found.ambiguous,
            unsure=found.unsure,
        )

    def _n_sources(self) -> int:
        query = select(func.count(ReleaseRow.source.distinct()))
        with self._db.transaction() as session:
            return session.scalar(query.where(ReleaseRow.withdrawn_at.is_(None))) or 0

    def _pressings(self) -> Iterator[Pressing]:
        """Yield the listed releases, read in pages."""
        last = ""
        listed = select(ReleaseRow).where(ReleaseRow.withdrawn_at.is_(None))
        while True:
            page = listed.where(ReleaseRow.release_id > last).order_by(ReleaseRow.release_id)
            with self._db.transaction() as session:
                rows = session.scalars(page.limit(PAGE)).all()
                pages = _relations(session, [row.release_id for row in rows])
            if not rows:
                return
            for row in rows:
                yield Pressing(row.to_release(None), frozenset(pages.get(row.release_id, ())))
            last = rows[-1].release_id

    def all(self, *, refused: bool = False) -> Iterator[Link]:
        """Yield the links, or the pairs that were refused, by release_id."""
        which = LinkRow.refused_at.is_not(None) if refused else LinkRow.refused_at.is_(None)
        query = select(LinkRow).where(which).order_by(LinkRow.release_id, LinkRow.other_id)
        with self._db.transaction() as session:
            for row in session.scalars(query.execution_options(yield_per=ROWS_AT_ONCE)):
                yield _link(row)

    def of(self, release_id: str) -> list[Link]:
        """Return the links that make a release one pressing with others, the surest first.

        Raises:
            NotFoundError: if there is no such release.
        """
        with self._db.transaction() as session:
            _check(session, release_id)
            links, refused = _around(session, release_id)
        return _group(release_id, links, refused)

    def refuse(self, one: str, other: str) -> None:
        """Say that two releases are two pressings, whatever is found.

        Raises:
            NotFoundError: if there is no such release.
        """
        release_id, other_id = pair_of(one, other)
        with self._db.transaction() as session:
            _check(session, one)
            _check(session, other)
            row = session.get(LinkRow, (release_id, other_id))
            if row is None:
                row = LinkRow(release_id=release_id, other_id=other_id, reason=BY_HAND)
                row.confidence, row.linked_at = 0.0, now()
                session.add(row)
            row.refused_at = now()

    def restore(self, one: str, other: str) -> None:
        """Take back that two releases are two.

        Raises:
            NotFoundError: if nobody said so.
        """
        with self._db.transaction() as session:
            row = session.get(LinkRow, pair_of(one, other))
            if row is None or row.refused_at is None:
                raise NotFoundError(f"{one} and {other} were not refused; see `cratewatch links`")
            row.refused_at = None
            if row.reason == BY_HAND:
                session.delete(row)


def relate(session: Session, pages: Mapping[str, Sequence[str]]) -> None:
    """Keep the pages of releases, in the caller's transaction; those kept before are forgotten."""
    for part in chunks(pages, ROWS_AT_ONCE):
        kept = _relations(session, part)
        differ = [key for key in part if set(kept.get(key, ())) != set(pages[key])]
        session.execute(delete(RelationRow).where(RelationRow.release_id.in_(differ)))
        rows = [
            {"release_id": key, "page": page}
            for key in differ
            for page in dict.fromkeys(pages[key])
        ]
        insert_rows(session, RelationRow, rows)


def _relations(session: Session, release_ids: Sequence[str]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for part in chunks(release_ids, ROWS_AT_ONCE):
        query = select(RelationRow).where(RelationRow.release_id.in_(part))
        for row in session.scalars(query):
            found[row.release_id].append(row.page)
    return found


def _write(session: Session, found: Matches) -> None:
    moment = now()
    rows = [
        {
            "release_id": release_id,
            "other_id": other_id,
            "reason": verdict.reason,
            "confidence": verdict.confidence,
            "linked_at": moment,
        }
        for (release_id, other_id), verdict in found.sure.items()
    ]
    upsert(session, LinkRow, rows, changes={"linked_at": LinkRow.linked_at})


def _check(session: Session, release_id: str) -> None:
    if session.get(ReleaseRow, release_id) is None:
        raise NotFoundError(
            f"release {release_id!r} is not in the catalog; `cratewatch releases` finds it"
        )


def _around(session: Session, release_id: str) -> tuple[list[Link], set[Pair]]:
    """Return all links that lead on from a release, and the pairs among these that were refused."""
    links: dict[Pair, Link] = {}
    refused: set[Pair] = set()
    seen, todo = {release_id}, [release_id]
    while todo:
        rows = session.scalars(
            select(LinkRow).where(or_(LinkRow.release_id.in_(todo), LinkRow.other_id.in_(todo)))
        ).all()
        refused.update(_pair(row) for row in rows if row.refused_at)
        links |= {_pair(row): _link(row) for row in rows if not row.refused_at}
        todo = sorted({key for pair in links for key in pair} - seen)
        seen.update(todo)
    return list(links.values()), refused


def _group(release_id: str, links: Sequence[Link], refused: set[Pair]) -> list[Link]:
    """Join releases by the surest links first, and leave out those that join what is two."""
    members: dict[str, frozenset[str]] = {}
    kept: list[Link] = []
    for link in sorted(links, key=lambda link: (-link.confidence, link.pair)):
        one, other = (members.get(key, frozenset({key})) for key in link.pair)
        if one is not other and _are_two(one, other, refused):
            continue
        kept.append(link)
        joined = one | other
        members |= dict.fromkeys(joined, joined)
    group = members.get(release_id, frozenset())
    return [link for link in kept if link.release_id in group]


def _are_two(one: frozenset[str], other: frozenset[str], refused: set[Pair]) -> bool:
    """Whether releases must not be joined: a source lists each pressing once."""
    if one == other:
        return False
    if {key.partition(":")[0] for key in one} & {key.partition(":")[0] for key in other}:
        return True
    return any(pair_of(a, b) in refused for a in one for b in other)


def _pair(row: LinkRow) -> Pair:
    return row.release_id, row.other_id


def _link(row: LinkRow) -> Link:
    told: dict[str, Any] = {name: getattr(row, name) for name in Link.__dataclass_fields__}
    return Link(**told)
