"""Compare what a run staged with what the catalog lists, and keep each difference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, delete, func, insert, literal, null, select
from sqlalchemy.orm import Session

from cratewatch.catalog.missing import gone, listed, unreachable
from cratewatch.catalog.records import Diff, Release
from cratewatch.catalog.schema import OfferRow, ReleaseRow
from cratewatch.catalog.schema_of_runs import ChangeRow, StagedReleaseRow
from cratewatch.catalog.statements import json_text
from cratewatch.chunks import chunks
from cratewatch.errors import CheckError

ROWS = 500
FIELDS = tuple(name for name in Release.__dataclass_fields__ if name not in ("source", "native_id"))
COLUMNS = ("run_id", "source", "kind", "key", "field", "before", "after", "artist", "address")


class RefusedError(CheckError):
    """A crawl would change more than is believed; nothing was changed.

    Attributes:
        would: What it would have changed.
        reason: Why, in a few words.
    """

    def __init__(self, message: str, reason: str, would: Diff) -> None:
        super().__init__(message, reason, would)
        self.reason = reason
        self.would = would

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Comparison:
    """How what was staged differs from what is listed.

    Attributes:
        n_listed: Releases that the source lists in the catalog.
        renamed: Of those that changed, how many get another title or artist.
    """

    source: str
    diff: Diff
    n_listed: int
    renamed: int

    def refusal(self, max_withdrawn_share: float, max_changed_share: float) -> RefusedError | None:
        """Return why it is not to be applied, or None if it is."""
        checks = (
            ("the crawl would withdraw", self.diff.withdrawn, "withdrawn", max_withdrawn_share),
            ("the crawl would rename", self.renamed, "changed", max_changed_share),
        )
        for doing, n, share, most in checks:
            if n > most * self.n_listed:
                message = (
                    f"{self.source}: {doing} {n} of {self.n_listed} releases, more than "
                    f"max_{share}_share = {most}; nothing was changed. Look at the source, then "
                    "refresh again or raise the share"
                )
                reason = f"{doing.removeprefix('the crawl ')} {100 * n / self.n_listed:.0f} %"
                return RefusedError(message, reason, self.diff)
        return None


def compare(session: Session, run_id: str, source: str, *, complete: bool) -> Comparison:
    """Write each difference into the table of changes; nothing else changes.

    Args:
        complete: Whether the crawl saw every listing page; if not, nothing counts as withdrawn.
    """
    session.execute(delete(ChangeRow).where(ChangeRow.run_id == run_id))  # of an earlier attempt
    new = _note(session, _new(session, run_id, source))
    withdrawn = _note(session, _withdrawn(run_id, source)) if complete else 0
    changed = renamed = 0
    for rows in chunks(_changed(session, run_id), ROWS):
        changed += len(rows)
        renamed += note_changed(session, run_id, source, rows)
        session.expunge_all()
    staged = select(StagedReleaseRow.release_id).where(StagedReleaseRow.run_id == run_id)
    unchanged = _count(session, staged) - new - changed
    diff = Diff(new, changed, unchanged, withdrawn, _count(session, unreachable(run_id, source)))
    return Comparison(source, diff, _count(session, listed(source)), renamed)


def note_changed(
    session: Session, run_id: str, source: str, rows: Sequence[tuple[ReleaseRow, Release]]
) -> int:
    """Write what differs between releases as they are and as they are now told.

    Returns:
        How many get another title or artist.
    """
    differences = list(_differences(session, rows))
    _insert(session, run_id, source, differences)
    return len({key for key, field, *_ in differences if field in ("title", "artist")})


def _note(session: Session, query: Select[Any]) -> int:
    """Insert what a query finds, without a way through this process; return how much that is."""
    n = _count(session, query)
    if n:
        session.execute(insert(ChangeRow).from_select(COLUMNS, query))
    return n


def _new(session: Session, run_id: str, source: str) -> Select[Any]:
    title, artist, address = (
        json_text(session, StagedReleaseRow.data, name) for name in ("title", "artist", "page_url")
    )
    is_listed = select(ReleaseRow.release_id).where(
        ReleaseRow.release_id == StagedReleaseRow.release_id, ReleaseRow.withdrawn_at.is_(None)
    )
    return select(
        *(literal(value) for value in (run_id, source, "new")),
        StagedReleaseRow.release_id,
        literal("title"),
        null(),
        title,
        artist,
        address,
    ).where(StagedReleaseRow.run_id == run_id, ~is_listed.exists())


def _withdrawn(run_id: str, source: str) -> Select[Any]:
    constants = (literal(value) for value in (run_id, source, "withdrawn"))
    named = ReleaseRow.artist, ReleaseRow.page_url
    return gone(run_id, source).with_only_columns(
        *constants, ReleaseRow.release_id, literal("title"), ReleaseRow.title, null(), *named
    )


def _changed(session: Session, run_id: str) -> Iterator[tuple[ReleaseRow, Release]]:
    """Yield releases that are listed and differ, as they are and as they were staged, in pages."""
    query = (
        select(ReleaseRow, StagedReleaseRow.data)
        .join(StagedReleaseRow, StagedReleaseRow.release_id == ReleaseRow.release_id)
        .where(
            StagedReleaseRow.run_id == run_id,
            ReleaseRow.withdrawn_at.is_(None),
            ReleaseRow.content_hash != StagedReleaseRow.content_hash,
        )
        .order_by(ReleaseRow.release_id)
        .limit(ROWS)
    )
    last = ""
    while rows := session.execute(query.where(ReleaseRow.release_id > last)).all():
        for row, data in rows:
            yield row, Release.from_json(data)
        last = rows[-1][0].release_id


Difference = tuple[str, str, str | None, str | None]
"""Release, field, before, after."""


def _differences(
    session: Session, rows: Sequence[tuple[ReleaseRow, Release]]
) -> Iterator[Difference]:
    offers = _latest_offers(session, [row.release_id for row, _ in rows])
    for row, release in rows:
        listed = row.to_release(offers.get(row.release_id))
        for name in FIELDS:
            before, after = _text(getattr(listed, name)), _text(getattr(release, name))
            if before != after:
                yield row.release_id, name, before, after


def _latest_offers(session: Session, release_ids: Sequence[str]) -> dict[str, OfferRow]:
    query = select(OfferRow).where(OfferRow.release_id.in_(release_ids)).order_by(OfferRow.seen_at)
    return {offer.release_id: offer for offer in session.scalars(query)}


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(value)
    return str(value)


def _insert(session: Session, run_id: str, source: str, found: Iterable[Difference]) -> None:
    for part in chunks(found, ROWS):
        rows = [(run_id, source, "changed", *difference, None, None) for difference in part]
        values = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
        session.execute(insert(ChangeRow).values(values))


def _count(session: Session, query: Select[Any]) -> int:
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0
