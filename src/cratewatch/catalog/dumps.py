"""Releases of dumps: only what changed is written, many rows at once.

Of each record a digest of its text is kept, in blocks by its number, so that the next dump parses
only what differs. A block is written in the transaction that writes what its records say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from cratewatch.catalog.comparing import RefusedError, note_changed
from cratewatch.catalog.database import Database, now
from cratewatch.catalog.diff import withdraw, write_releases
from cratewatch.catalog.digests import forget, packed, unpacked
from cratewatch.catalog.entities import Entity
from cratewatch.catalog.entities import write as write_entities
from cratewatch.catalog.item_states import save
from cratewatch.catalog.links import relate
from cratewatch.catalog.records import Diff, Item, Release
from cratewatch.catalog.runs import note
from cratewatch.catalog.schema import DumpBlockRow, ReleaseRow
from cratewatch.catalog.schema_of_runs import ChangeRow, RunRow
from cratewatch.catalog.statements import insert_rows, upsert
from cratewatch.chunks import chunks

PAGE = 10_000
TOLD = (
    *("source", "artist", "title", "year", "label", "catno", "barcode", "country", "format"),
    *("page_url", "image_url"),
)


@dataclass(frozen=True)
class Batch:
    """A part of a dump.

    Attributes:
        kind: Of record: release, master, artist or label.
        releases: That are new, or whose records differ from those of the dump before.
        blocks: Digests as they are from here on: BLOCK numbers each, 0 for no record.
        failed: Records that could not be read.
        entities: Masters, artists or labels that are new, or whose records differ.
        relations: By release_id, pages of other services that are of the same pressing; see links.
    """

    kind: str
    releases: Sequence[Release] = ()
    blocks: Mapping[int, Sequence[int]] = field(default_factory=dict)
    failed: Sequence[Item] = ()
    relations: Mapping[str, Sequence[str]] = field(default_factory=dict)
    entities: Sequence[Entity] = ()


class Dumps:
    """The transactions of an import."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def blocks(self, source: str, kind: str, first: int, n: int) -> dict[int, list[int]]:
        """Return those of n blocks of a kind of record, from the first on, that are kept."""
        query = select(DumpBlockRow.block, DumpBlockRow.digests).where(
            DumpBlockRow.source == source,
            DumpBlockRow.kind == kind,
            DumpBlockRow.block >= first,
            DumpBlockRow.block < first + n,
        )
        with self._db.transaction() as session:
            found = session.execute(query).all()
        return {block: unpacked(digests) for block, digests in found}

    def write(self, run_id: str, source: str, batch: Batch) -> Diff:
        """Write what a part of a dump says; return what the run has changed so far."""
        with self._db.transaction() as session:
            changed = _write(session, run_id, source, batch.releases)
            write_entities(session, source, batch.entities)
            relate(session, batch.relations)
            save(session, run_id, batch.failed)
            rows = [
                {
                    "source": source,
                    "kind": batch.kind,
                    "block": block,
                    "digests": packed(digests),
                }
                for block, digests in batch.blocks.items()
            ]
            upsert(session, DumpBlockRow, rows)
            so_far = _so_far(session, run_id)
            so_far = replace(
                so_far, new=so_far.new + changed.new, changed=so_far.changed + changed.changed
            )
            note(session, run_id, {"so_far": asdict(so_far)})
            return so_far

    def finish(
        self,
        run_id: str,
        source: str,
        is_there: Callable[[str], bool] | None,
        *,
        read: int,
        max_withdrawn_share: float,
    ) -> Diff:
        """Withdraw what is no longer in the dump; what the run changed becomes its report["diff"].

        Args:
            is_there: Whether the dump has a listed release; None if it was not read as a whole,
                and nothing is withdrawn.
            read: Wanted releases of the dump.

        Raises:
            RefusedError: if more would be withdrawn than is believed; nothing is then.
        """
        gone, n_listed = self._gone(source, is_there) if is_there else ([], 0)
        with self._db.transaction() as session:
            so_far = _so_far(session, run_id)
            unchanged = max(0, read - so_far.new - so_far.changed)
            withdrawn = so_far.withdrawn + len(gone)
            diff = replace(so_far, unchanged=unchanged, withdrawn=withdrawn)
            refused = len(gone) > max_withdrawn_share * n_listed
            if not refused:
                _withdraw(session, run_id, source, gone)
            kept = {} if refused else {"so_far": asdict(replace(diff, unchanged=0))}
            note(session, run_id, {"would" if refused else "diff": asdict(diff)} | kept)
        if refused:
            raise _refusal(source, diff, n_listed, max_withdrawn_share)
        return diff

    def _gone(self, source: str, is_there: Callable[[str], bool]) -> tuple[list[str], int]:
        """Return the listed releases that are not there, and how many are listed."""
        query = select(ReleaseRow.release_id).where(
            ReleaseRow.source == source, ReleaseRow.withdrawn_at.is_(None)
        )
        gone: list[str] = []
        listed = 0
        with self._db.transaction() as session:
            for release_id in session.scalars(query.execution_options(yield_per=PAGE)):
                listed += 1
                if not is_there(release_id):
                    gone.append(release_id)
        return gone, listed


def _so_far(session: Session, run_id: str) -> Diff:
    report = session.get_one(RunRow, run_id).report or {}
    return Diff(**report.get("so_far", {"new": 0, "changed": 0, "unchanged": 0, "withdrawn": 0}))


def _write(session: Session, run_id: str, source: str, releases: Sequence[Release]) -> Diff:
    """Write releases, each only if it differs; return how many were new, and changed."""
    latest = {release.release_id: release for release in releases}
    new = changed = 0
    for part in chunks(latest.items(), PAGE):
        of_part = dict(part)
        known = _known(session, list(of_part))
        fresh = [release for key, release in part if key not in known]
        _insert(session, run_id, source, fresh)
        new += len(fresh)
        differ = [
            (known[key], release)
            for key, release in part
            if key in known and _differs(known[key], release)
        ]
        _delete_notes(session, run_id, [release.release_id for _, release in differ])
        again = [pair for pair in differ if pair[0].withdrawn_at is not None]
        new += len(again)
        _note_new(session, run_id, source, [release for _, release in again])
        still = [pair for pair in differ if pair[0].withdrawn_at is None]
        changed += len(still)
        note_changed(session, run_id, source, still)
        write_releases(session, source, [(r.content_hash(), r) for _, r in differ], now())
    return Diff(new, changed, 0, 0)


def _delete_notes(session: Session, run_id: str, release_ids: Sequence[str]) -> None:
    """Forget what a run that was killed noted, perhaps of another file."""
    for part in chunks(release_ids, 500):
        session.execute(
            delete(ChangeRow).where(ChangeRow.run_id == run_id, ChangeRow.key.in_(part))
        )


def _known(session: Session, release_ids: Sequence[str]) -> dict[str, ReleaseRow]:
    found: dict[str, ReleaseRow] = {}
    for part in chunks(release_ids, 500):
        rows = session.scalars(select(ReleaseRow).where(ReleaseRow.release_id.in_(part)))
        found |= {row.release_id: row for row in rows}
    return found


def _differs(row: ReleaseRow, release: Release) -> bool:
    return row.withdrawn_at is not None or row.content_hash != release.content_hash()


def _insert(session: Session, run_id: str, source: str, releases: Sequence[Release]) -> None:
    """Insert releases that the catalog does not have."""
    moment = now()
    seen = {"first_seen": moment, "last_seen": moment, "source": source}
    rows = [_row(release) | seen for release in releases]
    insert_rows(session, ReleaseRow, rows)
    _note_new(session, run_id, source, releases)


def _row(release: Release) -> dict[str, Any]:
    told: dict[str, Any] = {name: getattr(release, name) for name in TOLD}
    return told | {
        "release_id": release.release_id,
        "genres": list(release.genres),
        "content_hash": release.content_hash(),
    }


def _note_new(session: Session, run_id: str, source: str, releases: Sequence[Release]) -> None:
    same = {"run_id": run_id, "source": source, "kind": "new", "field": "title", "before": None}
    rows = [
        same
        | {
            "key": release.release_id,
            "after": release.title,
            "artist": release.artist,
            "address": release.page_url,
        }
        for release in releases
    ]
    insert_rows(session, ChangeRow, rows)


def _withdraw(session: Session, run_id: str, source: str, gone: Sequence[str]) -> None:
    """Withdraw releases; were one to come back as it was, it would be read anew."""
    for part in chunks(gone, 500):
        of_part = ReleaseRow.release_id.in_(part)
        rows = [
            {
                "run_id": run_id,
                "source": source,
                "kind": "withdrawn",
                "key": row.release_id,
                "field": "title",
                "before": row.title,
                "after": None,
                "artist": row.artist,
                "address": row.page_url,
            }
            for row in session.scalars(select(ReleaseRow).where(of_part))
        ]
        insert_rows(session, ChangeRow, rows)
        withdraw(session, source, part, now())
    forget(session, source, "release", [key.removeprefix(f"{source}:") for key in gone])


def _refusal(source: str, would: Diff, n_listed: int, most: float) -> RefusedError:
    message = (
        f"{source}: the dump would withdraw {would.withdrawn} of {n_listed} releases, more than "
        f"max_withdrawn_share = {most}; nothing was withdrawn. Look at the file and at what the "
        "source wants, then import again or raise the share"
    )
    reason = f"would withdraw {100 * would.withdrawn / n_listed:.0f} %"
    return RefusedError(message, reason, would)
