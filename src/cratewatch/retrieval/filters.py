"""Refuses filters that no release fits, which would look as if nothing were in the catalog."""

from __future__ import annotations

import difflib
from typing import Literal

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.facts import Wanted
from cratewatch.errors import NotFoundError

MOST_NAMED = 8


def check_wanted(wanted: Wanted, catalog: Catalog) -> None:
    """Look whether any release of the catalog has what is asked for.

    Raises:
        NotFoundError: if none has; names what is near.
    """
    if wanted.source:
        _check("source", wanted.source, catalog)
    if wanted.genre:
        _check("genre", wanted.genre, catalog)
    if wanted.format:
        _check("format", wanted.format, catalog)


def _check(field: Literal["source", "genre", "format"], asked: str, catalog: Catalog) -> None:
    known = catalog.releases.terms(field)
    if asked in known:
        return
    near = difflib.get_close_matches(asked, known, MOST_NAMED, 0.6)
    there = ", ".join(near or sorted(known)[:MOST_NAMED]) or "nothing yet"
    raise NotFoundError(
        f"--{field}: no release has {asked!r}; {'near it' if near else 'there'} is {there}"
    )
