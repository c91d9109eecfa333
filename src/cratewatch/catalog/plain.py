"""Text without capitals and accents, so that people find what they cannot type."""

from __future__ import annotations

import unicodedata
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import Session

PLAIN = "plain"  # the name of plain() within SQLite
OTHERS = str.maketrans("\u00f8\u0111\u0142\u0131\u0127", "odlih")
"""Letters with a stroke and the like, which Unicode does not take apart: \u00f8 and others."""
LATIN = [chr(code) for code in range(0xC0, 0x250)]
"""The letters of Europe's languages, which PostgreSQL is told one by one."""


def plain(text: str | None) -> str:
    """Return text without accents, in lower case: Bj\u00f6rk is bjork, Stra\u00dfe is strasse."""
    apart = unicodedata.normalize("NFKD", (text or "").casefold())
    return "".join(c for c in apart if not unicodedata.combining(c)).translate(OTHERS)


def plain_column(session: Session, column: Any) -> ColumnElement[str]:
    """Return what plain() says of a column; of PostgreSQL letter by letter."""
    if session.get_bind().dialect.name == "sqlite":
        return getattr(func, PLAIN)(column)  # type: ignore[no-any-return]
    return func.translate(func.lower(column), *letters())


def letters() -> tuple[str, str]:
    """Return letters and, at the same places, what they are without accents.

    Capitals, too: where a database has the locale C its lower() knows ASCII only.
    """
    told = {c: p for c in LATIN if len(p := plain(c)) == 1 and p != c}
    return "".join(told), "".join(told.values())
