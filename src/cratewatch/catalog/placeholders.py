"""Pictures that stand in for covers: a shop's "no image", a label's company sleeve.

The same bytes shown by many releases of other artists or titles tell nothing about a sleeve in a
hand. Such covers share one artwork, which is never embedded and so never an answer.
"""

from __future__ import annotations

import re

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from cratewatch.catalog.schema import CoverRow, ReleaseRow

PLACEHOLDER = "placeholder"
"""The artwork of all of them."""
MANY = 5
"""Different artists, or titles of releases without one, from which on a picture is none's own."""
EDITION = re.compile(r"\s*[(\[].*")  # Blue Train (mono) and Blue Train [2xLP] are one title


def mark_placeholders(session: Session) -> int:
    """Mark the covers that many releases share; return how many were not marked before."""
    shown_often = (
        select(ReleaseRow.cover_id)
        .join(CoverRow, CoverRow.cover_id == ReleaseRow.cover_id)
        .where(CoverRow.artwork_id != PLACEHOLDER)
        .group_by(ReleaseRow.cover_id)
        .having(func.count() >= MANY)
    )
    found = [cover_id for cover_id in session.scalars(shown_often) if _is_shared(session, cover_id)]
    for cover_id in found:
        session.execute(
            update(CoverRow).where(CoverRow.cover_id == cover_id).values(artwork_id=PLACEHOLDER)
        )
    return len(found)


def _is_shared(session: Session, cover_id: str | None) -> bool:
    query = select(ReleaseRow.artist, ReleaseRow.title).where(ReleaseRow.cover_id == cover_id)
    names = {
        EDITION.sub("", artist or title).casefold() for artist, title in session.execute(query)
    }
    return len(names) >= MANY
