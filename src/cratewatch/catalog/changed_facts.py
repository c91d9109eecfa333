"""Which covers' facts may have changed, so that a gallery need not be compared as a whole."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session, aliased

from cratewatch.catalog.schema import CoverRow, ReleaseRow


def note_changed_facts(session: Session, releases: ColumnElement[bool], at: datetime) -> None:
    """Note the covers of some releases: what is said of the releases changed, or leaves them."""
    covers = select(ReleaseRow.cover_id).where(releases, ReleaseRow.cover_id.is_not(None))
    session.execute(
        update(CoverRow)
        .where(CoverRow.cover_id.in_(covers))
        .values(facts_changed_at=at)
        .execution_options(synchronize_session=False)
    )


def changed_since(since: datetime) -> ColumnElement[bool]:
    """Whether the facts of a cover, those of its artwork, may have changed since."""
    other = aliased(CoverRow)
    return exists().where(other.artwork_id == CoverRow.artwork_id, other.facts_changed_at >= since)
