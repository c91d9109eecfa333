"""Listings of several records at once, whose price is that of none of them."""

from __future__ import annotations

import re

_MANY = "(?:lps|records|albums|vinyls|45s|discs|(?:schall)?platten|disques|discos)"
_LOT = re.compile(
    r"\b(?:job\s?lots?|(?:vinyl|records?|lps?|albums?)\s+(?:job\s?)?lot|bundle|konvolut"
    rf"|lot\s+of\s+(?:\d+|vinyl|(?:\w+\s+){{0,3}}{_MANY})|lott?[oe]?\s+(?:d[ei]\s+|x\s?)?\d+"
    r"|(?:record|vinyl|album)\s+collection|(?:\w*platten)?sammlung"
    rf"|(?:[4-9]|[1-9]\d+)\s*(?:x\s*)?(?:vinyl\s+|12\W*\s+)?{_MANY})\b",
    re.IGNORECASE,
)


def is_lot(title: str) -> bool:
    """Whether a listing's title says that it is of several records; a double album is one."""
    return _LOT.search(title) is not None
