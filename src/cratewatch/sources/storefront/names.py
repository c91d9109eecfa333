"""Artist and title out of a product's name, years out of dates."""

from __future__ import annotations

import re

_SEPARATOR = re.compile(r"\s+[\N{EN DASH}\N{EM DASH}-]\s+")
_YEAR = re.compile(r"(?<!\d)(?:18[6-9]\d|19\d\d|20\d\d)(?!\d)")


def split_name(name: str) -> tuple[str | None, str]:
    """Split "artist - title", the habit of record shops; (None, name) if there is no dash."""
    artist, *title = _SEPARATOR.split(name, maxsplit=1)
    return (artist, title[0]) if title else (None, name)


def year_in(text: str) -> int | None:
    """Return the first year of recorded music that a text names, None if it names none."""
    found = _YEAR.search(text)
    return int(found.group()) if found else None
