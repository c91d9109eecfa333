"""Listings of several records at once, whose price is that of none of them."""

from __future__ import annotations

import re

_LOT = re.compile(
    r"\b(?:job\s?lots?|lot\s+of\s+\w+|(?:vinyl|records?|lps?|albums?)\s+(?:job\s?)?lot|bundle"
    r"|(?:record|vinyl|album)\s+collection|konvolut|sammlung|"
    r"(?:[4-9]|[1-9]\d+)\s*(?:x\s*)?(?:vinyl\s+|12\W*\s+)?(?:lps|records|albums|vinyls|platten))\b",
    re.IGNORECASE,
)


def is_lot(title: str) -> bool:
    """Whether a listing's title says that it is of several records; a double album is one."""
    return _LOT.search(title) is not None
