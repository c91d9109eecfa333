"""The index of words of releases: FTS5 in SQLite, full text in PostgreSQL.

PostgreSQL indexes an expression. In SQLite triggers note which releases are due, and catch_up()
indexes them: a trigger that did so itself made an import nine times slower. A table that is made
anew loses its triggers: whoever rebuilds `releases` makes them again.
"""

# ruff: noqa: S608  statements are put together from names of our own, never from words asked

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlalchemy import TextClause, bindparam, text

from cratewatch.catalog.plain import PLAIN, letters, plain

INDEX = "release_words"
IDS, DUE = f"{INDEX}_ids", f"{INDEX}_due"
SEARCHED = ("artist", "title", "label", "catno", "barcode")
MARKS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
"""What separates words; the parser of PostgreSQL would take some for parts of paths and numbers."""
WORD = re.compile(r"[^\W_]+")


def index_words(dialect: str) -> Iterator[str]:
    """Yield the statements that make the index; of SQLite it is empty, and all releases are due."""
    yield from _of_sqlite() if dialect == "sqlite" else _of_postgresql()


def words_match(dialect: str, words: str) -> TextClause | None:
    """Return what is true where words stand, or words that begin so; None if none is a word.

    In SQLite it is true of rows of INDEX, in PostgreSQL of releases.
    """
    parts = WORD.findall(plain(words))
    if not parts:
        return None
    if dialect == "sqlite":
        asked = " AND ".join(f'"{part}" *' for part in parts)
        return text(f"{INDEX} MATCH :asked").bindparams(bindparam("asked", asked))
    asked = " & ".join(f"{part}:*" for part in parts)
    matching = f"{INDEX}({_columns('releases.')}) @@ to_tsquery('simple', :asked)"
    return text(matching).bindparams(bindparam("asked", asked))


def catch_up(most: int) -> Iterator[str]:
    """Yield the statements that index releases which are due, so many at most, in SQLite."""
    part = f"(SELECT release_id FROM {DUE} ORDER BY release_id LIMIT {most})"
    yield (
        f"INSERT INTO {INDEX} ({INDEX}, rowid, words) "
        f"SELECT 'delete', id, words FROM {IDS} WHERE release_id IN {part}"
    )
    yield (
        f"DELETE FROM {IDS} WHERE release_id IN {part} "
        f"AND release_id NOT IN (SELECT release_id FROM releases WHERE release_id IN {part})"
    )
    yield (
        f"INSERT INTO {IDS} (release_id, words) SELECT release_id, {PLAIN}({_joined('')}) "
        f"FROM releases WHERE release_id IN {part} "
        "ON CONFLICT (release_id) DO UPDATE SET words = excluded.words"
    )
    yield (
        f"INSERT INTO {INDEX} (rowid, words) "
        f"SELECT id, words FROM {IDS} WHERE release_id IN {part} ORDER BY id"
    )
    yield f"DELETE FROM {DUE} WHERE release_id IN {part}"


def _columns(prefix: str) -> str:
    return ", ".join(prefix + name for name in SEARCHED)


def _joined(prefix: str) -> str:
    return " || ' ' || ".join(f"coalesce({prefix}{name}, '')" for name in SEARCHED)


def _of_sqlite() -> Iterator[str]:
    yield (  # with ids of its own, since VACUUM may give the rows of releases other numbers
        f"CREATE TABLE {IDS} "
        "(id INTEGER PRIMARY KEY, release_id TEXT NOT NULL UNIQUE, words TEXT NOT NULL)"
    )
    yield f"CREATE TABLE {DUE} (release_id TEXT PRIMARY KEY) WITHOUT ROWID"
    yield (
        f"CREATE VIRTUAL TABLE {INDEX} USING fts5"
        f"(words, content='{IDS}', content_rowid='id', tokenize='unicode61')"
    )
    yield f"INSERT INTO {DUE} SELECT release_id FROM releases"
    differs = " OR ".join(f"old.{name} IS NOT new.{name}" for name in SEARCHED)
    for event, row in (
        ("INSERT ON releases", "new"),
        (f"UPDATE OF {', '.join(SEARCHED)} ON releases WHEN {differs}", "new"),
        ("DELETE ON releases", "old"),
    ):
        name = f"{INDEX}_{event.partition(' ')[0].lower()}"
        note = f"INSERT OR IGNORE INTO {DUE} VALUES ({row}.release_id);"
        yield f"CREATE TRIGGER {name} AFTER {event} BEGIN {note} END"


def _of_postgresql() -> Iterator[str]:
    spaces = " " * len(MARKS)
    marks = MARKS.replace("'", "''").replace(":", "\\:")  # a colon would name a parameter
    froms, tos = letters()
    parameters = ", ".join(f"{name} text" for name in SEARCHED)
    yield (
        f"CREATE FUNCTION {INDEX}({parameters}) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$ "
        f"SELECT to_tsvector('simple', translate(translate(lower({_joined('')}), "
        f"'{froms}', '{tos}'), '{marks}', '{spaces}')) $$"
    )
    yield f"CREATE INDEX {INDEX}_ix ON releases USING gin ({INDEX}({_columns('')}))"
